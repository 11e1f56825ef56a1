/** The one-time link in what someone pasted: the whole address (`http://…/#login=LINK`) or the link alone. */
export function linkIn(pasted: string): string | null {
  const text = pasted.trim();
  const link = /#login=([^&\s]+)/.exec(text)?.[1] ?? text;
  return /^[\w.~-]{20,200}$/.test(link) ? link : null;
}
