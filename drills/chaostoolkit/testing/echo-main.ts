import { echoServer } from './echo-server.ts';

echoServer().listen(Number(process.argv[2] ?? 0), '127.0.0.1');
