// Loads the modules of this project once more when asked to: what is imported by a file with `?2` in its address is loaded
// as `?2` too. Packages stay.
export async function resolve(specifier, context, next) {
  const resolved = await next(specifier, context);
  const generation = /\?(\d+)/.exec(context.parentURL ?? '')?.[1];
  const isOurs = resolved.url.startsWith('file:') && !resolved.url.includes('/node_modules/');
  if (generation === undefined || !isOurs) return resolved;
  return { ...resolved, url: `${resolved.url}?${generation}` };
}
