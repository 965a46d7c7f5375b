/** The programs of a MariaDB server, as `findProgram` finds them. */
export interface MariadbPrograms {
  mariadbd: string;
  'mariadb-install-db': string;
}

/** On the loopback only, in UTC, and without looking up the names of those who connect. */
const serverSettings = {
  'bind-address': '127.0.0.1',
  // None: its path would have to be shorter than many a data folder's.
  socket: '',
  'skip-name-resolve': 'ON',
  'character-set-server': 'utf8mb4',
  'default-time-zone': '+00:00',
  'innodb-buffer-pool-size': '32M',
  'innodb-log-file-size': '16M',
};

export interface MariadbFolders {
  data: string;
  /** Its own: a server that starts removes what looks like a forgotten temporary table, also another server's. */
  tmp: string;
}

const folderArgs = ({ data, tmp }: MariadbFolders): string[] => [`--datadir=${data}`, `--tmpdir=${tmp}`];

/** The command that makes a data folder; `--no-defaults` because the computer's own my.cnf is another server's. */
export const installCommand = (programs: MariadbPrograms, folders: MariadbFolders): string[] => [
  programs['mariadb-install-db'],
  '--no-defaults',
  ...folderArgs(folders),
  '--auth-root-authentication-method=normal',
  '--skip-test-db',
  '--skip-name-resolve',
];

export interface MariadbCommandOptions {
  folders: MariadbFolders;
  port: number;
  /** Statements that it carries out before it listens. */
  initFile?: string;
  /** Further settings by their names on the command line, as `{ 'max-connections': '20' }`; they win over ours. */
  settings?: Readonly<Record<string, string>>;
}

/** The command that runs the server in the foreground. */
export function serverCommand({ mariadbd }: MariadbPrograms, options: MariadbCommandOptions): string[] {
  const { folders, port, initFile, settings } = options;
  const all = { ...serverSettings, port: String(port), ...settings };
  return [
    mariadbd,
    '--no-defaults',
    ...folderArgs(folders),
    ...Object.entries(all).map(([name, value]) => `--${name}=${value}`),
    ...(initFile === undefined ? [] : [`--init-file=${initFile}`]),
  ];
}

/**
 * What an init file says: one administrator `root` who comes over TCP with a password, and the databases. An init file is read
 * a line at a time, so each statement is one line.
 */
export function initStatements(password: string, databases: readonly string[]): string {
  // A new data folder has an administrator without a password for each way in; the host's own name is one of them.
  const administrators = "User='root' AND Host<>'127.0.0.1'";
  return [
    `ALTER USER root@'127.0.0.1' IDENTIFIED BY ${quoted(password)};`,
    `DELETE FROM mysql.global_priv WHERE ${administrators};`,
    "DELETE FROM mysql.proxies_priv WHERE Host<>'127.0.0.1';",
    'FLUSH PRIVILEGES;',
    ...databases.map((name) => `CREATE DATABASE IF NOT EXISTS \`${name.replaceAll('`', '``')}\`;`),
    '',
  ].join('\n');
}

const quoted = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;
