// Allowlists of tools: names and globs in, tool names out. `*` is any run of characters, `?` any one; case matters. Braces, classes
// and what else a glob may hold go to micromatch; `!` takes away what an entry before it granted.

export interface ResolvedTools {
  /** Sorted, each once. */
  readonly tools: readonly string[]
  /** Patterns that match no tool, in the order given. */
  readonly unmatched: readonly string[]
}

/** What an allowlist grants among `names`. */
export async function resolveTools(patterns: readonly string[], names: readonly string[]): Promise<ResolvedTools> {
  const granted = new Set<string>()
  const unmatched: string[] = []
  for (const pattern of patterns) {
    const takesAway = pattern.startsWith('!')
    const matches = await toolMatcher(takesAway ? pattern.slice(1) : pattern)
    const hits = (takesAway ? [...granted] : names).filter(matches)
    if (hits.length === 0) unmatched.push(pattern)
    for (const name of hits) {
      if (takesAway) granted.delete(name)
      else granted.add(name)
    }
  }
  return { tools: [...granted].sort(), unmatched }
}

const PLAIN_GLOB = /^[^!+@()[\]{}|\\]*$/

/** Whether the text is more than a name. */
export const isToolPattern = (text: string): boolean => !PLAIN_GLOB.test(text) || /[*?]/.test(text)

/** A test for the names of tools. micromatch loads for patterns that need it. */
export async function toolMatcher(pattern: string): Promise<(name: string) => boolean> {
  if (PLAIN_GLOB.test(pattern)) return (name) => matchesTool(pattern, name)
  const { default: micromatch } = await import('micromatch')
  const matches = micromatch.matcher(pattern)
  // Its matchers take more than a text.
  return (name) => matches(name)
}

/** Whether the pattern names the tool. Linear in both lengths but for one backtrack point, so no pattern is slow. */
export function matchesTool(pattern: string, name: string): boolean {
  let p = 0
  let n = 0
  let star = -1
  let resume = 0
  while (n < name.length) {
    if (pattern[p] === '*') {
      star = p++
      resume = n
    } else if (p < pattern.length && (pattern[p] === '?' || pattern[p] === name[n])) {
      p++
      n++
    } else if (star !== -1) {
      p = star + 1
      n = ++resume
    } else return false
  }
  while (pattern[p] === '*') p++
  return p === pattern.length
}
