/** The signals that end a process, as they are written in a drill: without SIG. */
export const stopSignals = ['KILL', 'TERM', 'INT', 'QUIT', 'HUP', 'ABRT', 'SEGV'] as const;
