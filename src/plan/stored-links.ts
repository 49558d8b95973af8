// A Plan and the pairs of identities that people linked by a code in; a Plan that knows both out. Configuration wins: what
// it says of an identity is never changed, and rights (owners, approvers, allowFrom) were resolved from it alone.

import type { LinkPlan, Plan } from './plan.ts'

export function withStoredLinks(plan: Plan, pairs: readonly (readonly [string, string])[]): Plan {
  if (pairs.length === 0) return plan
  const configured = plan.linkOf
  const linkOf = new Map(configured)
  const links = new Map<string, LinkPlan>(plan.links.map((link) => [link.name, link]))
  for (const [a, b] of pairs) {
    const nameA = linkOf.get(a)
    const nameB = linkOf.get(b)
    if (nameA !== undefined && nameA === nameB) continue
    // Two people as the owner wrote them stay two.
    if (configured.has(a) && configured.has(b)) continue
    const name = configured.get(a) ?? configured.get(b) ?? nameA ?? nameB ?? a
    const identities = new Set([
      ...(links.get(name)?.identities ?? []),
      ...membersOf(links, nameA, a),
      ...membersOf(links, nameB, b),
    ])
    for (const old of [nameA, nameB])
      if (old !== undefined && old !== name && !plan.links.some((link) => link.name === old)) links.delete(old)
    const place = links.get(name)?.place ?? { file: plan.file, line: 1, column: 1 }
    const free = [...identities].filter((identity) => (configured.get(identity) ?? name) === name)
    links.set(name, { name, identities: free, place })
    for (const identity of free) linkOf.set(identity, name)
  }
  return Object.freeze({ ...plan, links: [...links.values()], linkOf })
}

const membersOf = (links: ReadonlyMap<string, LinkPlan>, name: string | undefined, identity: string): readonly string[] =>
  name === undefined ? [identity] : (links.get(name)?.identities ?? [identity])
