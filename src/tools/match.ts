// Allowlists of tools: names and globs in, tool names out. `*` is any run of characters, `?` any one; case matters.

export interface ResolvedTools {
  /** Sorted, each once. */
  readonly tools: readonly string[]
  /** Patterns that match no tool, in the order given. */
  readonly unmatched: readonly string[]
}

/** What an allowlist grants among `names`. */
export function resolveTools(patterns: readonly string[], names: readonly string[]): ResolvedTools {
  const granted = new Set<string>()
  const unmatched: string[] = []
  for (const pattern of patterns) {
    const hits = names.filter((name) => matchesTool(pattern, name))
    if (hits.length === 0) unmatched.push(pattern)
    for (const name of hits) granted.add(name)
  }
  return { tools: [...granted].sort(), unmatched }
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
