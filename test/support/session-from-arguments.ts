import { openMysqlSession, type MysqlSession } from '#dist/database/mysql-session.js';
import { Secret } from '#dist/secrets/secret.js';

/** For programs of their own process: `host port database user password`. */
export function sessionFromArguments(): Promise<MysqlSession> {
  const [host, port, name, user, password] = process.argv.slice(2) as [
    string,
    string,
    string,
    string,
    string,
  ];
  return openMysqlSession({ host, port: Number(port), name, user, password: new Secret(password) });
}
