import { html } from '../../../kit/safe-html.ts';
import { plainPage } from './layout.ts';

/** Where a person shows their own token. */
export const signInPage = (
  next: string,
  { problem, hasPeople }: { problem?: string; hasPeople: boolean },
): string =>
  plainPage(
    'Sign in',
    html`<section class="signin"><h1>Andon · runbooks</h1>
${problem !== undefined && html`<p role="alert"><b>${problem}</b></p>`}
${!hasPeople && html`<p>Nobody can sign in yet: name people under <code>runbooks: people:</code> in andon.yaml.</p>`}
<form method="post" action="/sign-in"><input type="hidden" name="next" value="${next}">
<label>Your own token<input type="password" name="token" autocomplete="current-password" required maxlength="500" autofocus></label>
<button>Sign in</button></form></section>`,
  );
