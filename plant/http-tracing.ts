import type { Request, RequestHandler, Response } from 'express';
import { failSpan, type Span, withSpan } from '../kit/tracing.ts';

/**
 * Makes a span of each request that does something or that brings a trace along, and goes on from that. Looking (a scrape, a
 * poll) begins no trace of its own. To stand before the routes and behind whatever reads bodies.
 */
export const traceRequests: RequestHandler = (request, response, next) => {
  if (request.method === 'GET' && request.headers.traceparent === undefined) {
    next();
    return;
  }
  const attributes = () => ({ 'http.request.method': request.method, 'url.path': request.path });
  void withSpan(request.method, { kind: 'server', from: request.headers, attributes }, async (span) => {
    if (!span.isRecording()) return next();
    const closed = new Promise<void>((resolve) => response.once('close', resolve));
    next();
    await closed;
    describe(span, request, response);
  });
};

/** Only behind the routes it is known which one it was, and only their patterns make names that repeat. */
function describe(span: Span, request: Request, { statusCode }: Response): void {
  const route: unknown = request.route?.path;
  if (typeof route === 'string') {
    span.updateName(`${request.method} ${route}`);
    span.setAttribute('http.route', route);
  }
  span.setAttribute('http.response.status_code', statusCode);
  if (statusCode >= 500) failSpan(span, `answered ${statusCode}`);
}
