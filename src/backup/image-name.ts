/** `yyyyMMddHHmmss_` in local time, then the file part. */
export function stampedName(file: string, now: Date): string {
  const two = (value: number): string => String(value).padStart(2, '0');
  const date = `${String(now.getFullYear()).padStart(4, '0')}${two(now.getMonth() + 1)}${two(now.getDate())}`;
  return `${date}${two(now.getHours())}${two(now.getMinutes())}${two(now.getSeconds())}_${file}`;
}
