import type { NextFunction, Request, Response } from 'express';

/**
 * For everything that a browser may be shown. Nothing but our own style and script is loaded, no script stands in a page, nobody frames it.
 * `same-origin` and not `no-referrer`, which makes browsers send forms with `Origin: null`; nothing goes to other sites in either.
 */
export function pageHeaders(_request: Request, response: Response, next: NextFunction): void {
  response.set({
    'Content-Security-Policy':
      "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src data:; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    'Referrer-Policy': 'same-origin',
    'X-Content-Type-Options': 'nosniff',
    'X-Frame-Options': 'DENY',
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Cross-Origin-Resource-Policy': 'same-origin',
    'Cache-Control': 'no-store',
  });
  next();
}
