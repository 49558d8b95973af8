// Agents that start agents: no way leads back to where it began.

import type { Diagnostic } from '../../errors.ts'
import { mapAt } from '../document.ts'
import { type Check, textsAt } from './check.ts'

export const checkSubagents: Check = ({ doc, scope }) => {
  const agents = mapAt(doc.value, 'agents')
  const defaults = { value: mapAt(doc.value, 'defaults'), path: ['defaults'] }
  const children = new Map(
    scope.agents.map((id) => {
      const own = { value: mapAt(agents[id]), path: ['agents', id] }
      return [id, textsAt(own.value['subagents'] === undefined ? defaults : own, 'subagents')] as const
    }),
  )
  const problems: Diagnostic[] = []
  const done = new Set<string>()
  const visit = (id: string, trail: readonly string[]): void => {
    if (done.has(id)) return
    for (const { text, path } of children.get(id) ?? []) {
      const from = [...trail, id]
      const at = from.indexOf(text)
      if (at === -1) visit(text, from)
      else {
        const circle = [...from.slice(at), text].join(' → ')
        problems.push(
          doc.problem('CLAW314', `These agents can start each other without end: ${circle}.`, path, {
            hint: 'Take one step out of the circle.',
          }),
        )
      }
    }
    done.add(id)
  }
  for (const id of scope.agents) visit(id, [])
  return problems
}
