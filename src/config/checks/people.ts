// Owners, approvers and identities: names that exist, texts that are identities, nobody in two links.

import type { Diagnostic, Position } from '../../errors.ts'
import { parseTarget } from '../delivery.ts'
import { mapAt, textAt } from '../document.ts'
import { splitIdentity } from '../links.ts'
import type { Path } from '../shape.ts'
import { nearest, suggestion } from '../suggest.ts'
import { agentSections, type Check, itemsOf, textsAt } from './check.ts'

export const checkPeople: Check = ({ doc, scope }) => {
  const problems: Diagnostic[] = []
  const names = scope.links.filter((link) => link.named).map((link) => link.name)
  const wants = (text: string, path: Path, who: string): void => {
    if (scope.linkByName.has(text) || splitIdentity(text) !== null) return
    const hint = suggestion(text, names, 'Name them under `identityLinks`, or write an identity: telegram:123.', 'Names')
    problems.push(doc.problem('CLAW205', `The ${who} "${text}" is neither a link nor an identity.`, path, { hint }))
  }
  for (const { text, path } of textsAt({ value: mapAt(doc.value), path: [] }, 'owners')) wants(text, path, 'owner')
  for (const { value, path } of agentSections(doc, scope)) {
    const permissions = { value: mapAt(value['permissions']), path: [...path, 'permissions'] }
    for (const approver of textsAt(permissions, 'approvers')) wants(approver.text, approver.path, 'approver')
  }
  // A bare word on a channel is a user id there, so only one that is nearly a name can be called a mistake.
  for (const [id, channel] of Object.entries(mapAt(doc.value, 'channels'))) {
    for (const { text, path } of textsAt({ value: mapAt(channel), path: ['channels', id] }, 'allowFrom')) {
      const near = names.includes(text) || text.includes(':') ? undefined : nearest(text, names)
      if (near === undefined) continue
      const hint = `Did you mean "${near}"? If not, write ${id}:${text}.`
      problems.push(
        doc.problem('CLAW205', `No link is called "${text}", so it is taken as a user id.`, path, { hint, severity: 'warning' }),
      )
    }
  }
  for (const { value, path } of itemsOf(mapAt(doc.value)['heartbeats'], ['heartbeats'])) {
    const person = textAt(value, 'for')
    if (person !== undefined && person !== '') wants(person, [...path, 'for'], 'person')
    const target = textAt(value, 'deliverTo')
    if (target === undefined || target === '' || parseTarget(target) !== null) continue
    const hint = 'Write channelId:userId, or channelId:group:groupId.'
    problems.push(doc.problem('CLAW206', `"${target}" is no place to deliver to.`, [...path, 'deliverTo'], { hint }))
  }
  return [...problems, ...linkedTwice({ doc, scope })]
}

function linkedTwice({ doc, scope }: Pick<Parameters<Check>[0], 'doc' | 'scope'>): readonly Diagnostic[] {
  const problems: Diagnostic[] = []
  const seen = new Map<string, { name: string; path: Path }>()
  for (const { name, identities } of scope.links) {
    for (const { text, path } of identities) {
      if (splitIdentity(text) === null) {
        const hint = 'Write channelId:userId, as in telegram:123.'
        problems.push(doc.problem('CLAW206', `"${text}" is not an identity.`, path, { hint }))
        continue
      }
      const earlier = seen.get(text)
      if (earlier === undefined) seen.set(text, { name, path })
      else {
        const first: Position = doc.position(earlier.path)
        const where = earlier.name === name ? 'stands twice in one link' : `is in two links: ${earlier.name} and ${name}`
        const related = [{ ...first, message: 'first here' }]
        problems.push(doc.problem('CLAW302', `${text} ${where}.`, path, { hint: 'One identity is one person.', related }))
      }
    }
  }
  return problems
}
