import type { RequestHandler } from 'express';
import { Refusal } from '../refusal.ts';

/** Express middleware that fails a share of what passes, at random, as a release does that breaks on some of its data. */
export function failSome(ratio: number, random: () => number = Math.random): RequestHandler {
  return (_request, _response, next) => {
    if (random() < ratio) throw new Refusal(500, 'defect', 'this version of the MES fails on purpose');
    next();
  };
}
