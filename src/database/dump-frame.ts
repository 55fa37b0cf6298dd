/**
 * The lines around a dump. The first and the last are fixed; what is set between them makes the statements mean on the
 * restoring server what they meant here, and is undone at the end.
 */
export function dumpHeader(flavour: 'mysql' | 'mariadb'): string {
  return [
    'SET FOREIGN_KEY_CHECKS = 0;',
    'SET @OLD_CHARACTER_SET_CLIENT=@@CHARACTER_SET_CLIENT;',
    'SET @OLD_CHARACTER_SET_RESULTS=@@CHARACTER_SET_RESULTS;',
    'SET @OLD_COLLATION_CONNECTION=@@COLLATION_CONNECTION;',
    'SET @OLD_SQL_MODE=@@SQL_MODE;',
    'SET @OLD_TIME_ZONE=@@TIME_ZONE;',
    'SET @OLD_UNIQUE_CHECKS=@@UNIQUE_CHECKS;',
    'SET NAMES utf8mb4;',
    // Zero stays zero in a counting column; dates that do not exist stay as they are; a backslash escapes.
    "SET SQL_MODE='NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES';",
    "SET TIME_ZONE='+00:00';",
    'SET UNIQUE_CHECKS=0;',
    // Rows may be older than a constraint.
    ...(flavour === 'mariadb'
      ? ['SET @OLD_CHECK_CONSTRAINT_CHECKS=@@CHECK_CONSTRAINT_CHECKS;', 'SET CHECK_CONSTRAINT_CHECKS=0;']
      : []),
    '',
  ].join('\n');
}

export function dumpFooter(flavour: 'mysql' | 'mariadb'): string {
  return [
    ...(flavour === 'mariadb' ? ['SET CHECK_CONSTRAINT_CHECKS=@OLD_CHECK_CONSTRAINT_CHECKS;'] : []),
    'SET UNIQUE_CHECKS=@OLD_UNIQUE_CHECKS;',
    'SET TIME_ZONE=@OLD_TIME_ZONE;',
    'SET SQL_MODE=@OLD_SQL_MODE;',
    'SET CHARACTER_SET_CLIENT=@OLD_CHARACTER_SET_CLIENT;',
    'SET CHARACTER_SET_RESULTS=@OLD_CHARACTER_SET_RESULTS;',
    'SET COLLATION_CONNECTION=@OLD_COLLATION_CONNECTION;',
    'SET FOREIGN_KEY_CHECKS = 1;',
    '',
  ].join('\n');
}
