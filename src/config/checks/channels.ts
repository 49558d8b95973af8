// Anyone who names a channel names one that is configured; a link may name others, but not a misspelled one.

import type { Diagnostic } from '../../errors.ts'
import { mapAt, textAt } from '../document.ts'
import { splitIdentity } from '../links.ts'
import type { Path } from '../shape.ts'
import { nearest, suggestion } from '../suggest.ts'
import { type Check, itemsOf, rulesOf, testSteps, textsAt } from './check.ts'

export const checkChannels: Check = ({ doc, scope }) => {
  const problems: Diagnostic[] = []
  const known = [...scope.channels.keys()]
  const wants = (id: string | undefined, path: Path): void => {
    if (id === undefined || scope.channels.has(id)) return
    const hint = suggestion(id, known, 'Define it under `channels`.', 'Channels')
    problems.push(doc.problem('CLAW202', `There is no channel "${id}".`, path, { hint }))
  }
  for (const rule of rulesOf(doc)) for (const { text, path } of textsAt(rule, 'channelId')) wants(text, path)
  for (const { value, path } of itemsOf(mapAt(doc.value)['heartbeats'], ['heartbeats'])) {
    wants(splitIdentity(textAt(value, 'deliverTo') ?? '')?.channelId, [...path, 'deliverTo'])
  }
  for (const { message, expect } of testSteps(doc)) {
    wants(textAt(message.value, 'channelId'), [...message.path, 'channelId'])
    for (const { value, path } of itemsOf(expect.value['deliveries'], [...expect.path, 'deliveries'])) {
      wants(textAt(value, 'channelId'), [...path, 'channelId'])
    }
  }
  for (const { text, path } of scope.links.flatMap((link) => link.identities)) {
    const id = splitIdentity(text)?.channelId
    if (id === undefined || scope.channels.has(id) || scope.channelShapes.types.includes(id)) continue
    const near = nearest(id, known)
    if (near === undefined) continue
    const hint = `Did you mean "${near}:…"?`
    problems.push(doc.problem('CLAW202', `No channel is called "${id}".`, path, { hint, severity: 'warning' }))
  }
  return problems
}
