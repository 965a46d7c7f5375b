import { Socket } from 'node:net';
import type { Connection } from 'mysql2/promise';
import type { Asks } from '../../../exporters/databases/mysql-locks/ask.ts';
import { connectMysql } from '../../../kit/mysql.ts';
import { within } from '../../../kit/wait.ts';

/** The catalogue is read from memory, so a slow answer is a sick server. */
const answerMs = 5000;
/** ER_NO_SUCH_THREAD: it has gone between the question and the answer. */
const noSuchThread = 1094;

/** An administrator's session, gone with its scope and when the signal aborts. */
export interface MysqlAdmin extends AsyncDisposable, Asks {
  /** The number of this very session. */
  readonly own: number;
  /** Ends a session; false when there was none of that number. */
  kill(id: number): Promise<boolean>;
}

export async function openMysqlAdmin(url: string, signal: AbortSignal): Promise<MysqlAdmin> {
  signal.throwIfAborted();
  const socket = new Socket();
  const destroy = () => void socket.destroy(new Error('was stopped'));
  signal.addEventListener('abort', destroy, { once: true });
  const close = () => {
    signal.removeEventListener('abort', destroy);
    socket.destroy();
  };
  try {
    const connection = await connectMysql({ url, applicationName: 'andon-runbook', socket });
    return adminOver(connection, signal, close);
  } catch (error) {
    close();
    throw error;
  }
}

function adminOver(connection: Connection, signal: AbortSignal, close: () => void): MysqlAdmin {
  const query = async (text: string, values: unknown[] = []) => {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(answerMs)]);
    const [rows] = await within(connection.query(text, values), limit);
    return rows;
  };
  return {
    own: connection.threadId,
    query: async (text) => (await query(text)) as never,
    async kill(id) {
      try {
        await query('KILL CONNECTION ?', [id]);
        return true;
      } catch (error) {
        if ((error as { errno?: unknown }).errno === noSuchThread) return false;
        throw error;
      }
    },
    [Symbol.asyncDispose]: async () => close(),
  };
}
