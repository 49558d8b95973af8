// Names that mean something already: reserved words, links called like channels.

import type { Diagnostic } from '../../errors.ts'
import type { Check } from './check.ts'

const RESERVED = new Set(['main', 'spawn', 'cron'])

export const checkNames: Check = ({ doc, scope }) => {
  const problems: Diagnostic[] = []
  const hint = 'main, spawn and cron stand for other things in session keys.'
  for (const id of scope.channels.keys()) {
    if (RESERVED.has(id))
      problems.push(doc.problem('CLAW301', `A channel cannot be called "${id}".`, ['channels', id], { spot: 'key', hint }))
  }
  for (const { name, named, path } of scope.links) {
    if (!named) continue
    if (RESERVED.has(name))
      problems.push(doc.problem('CLAW301', `A link cannot be called "${name}".`, path, { spot: 'key', hint }))
    else if (scope.channels.has(name)) {
      const clash = 'A session key could mean either. Give the person another name.'
      problems.push(doc.problem('CLAW301', `The link "${name}" is named like a channel.`, path, { spot: 'key', hint: clash }))
    }
  }
  return problems
}
