// Anyone who names an agent names one that exists.

import type { Diagnostic } from '../../errors.ts'
import { mapAt, textAt } from '../document.ts'
import type { Path } from '../shape.ts'
import { suggestion } from '../suggest.ts'
import { agentSections, type Check, itemsOf, rulesOf, testSteps, textsAt } from './check.ts'

export const checkAgents: Check = ({ doc, scope }) => {
  const problems: Diagnostic[] = []
  const wants = (id: string | undefined, path: Path): void => {
    if (id === undefined || scope.agentSet.has(id)) return
    const hint = suggestion(id, scope.agents, 'Define it under `agents`.', 'Agents')
    problems.push(doc.problem('CLAW201', `There is no agent "${id}".`, path, { hint }))
  }
  const routing = mapAt(doc.value, 'routing')
  wants(textAt(routing, 'defaultAgent'), ['routing', 'defaultAgent'])
  for (const { value, path } of rulesOf(doc)) wants(textAt(value, 'agentId'), [...path, 'agentId'])
  for (const { value, path } of itemsOf(mapAt(doc.value)['heartbeats'], ['heartbeats']))
    wants(textAt(value, 'agent'), [...path, 'agent'])
  for (const section of agentSections(doc, scope)) {
    for (const { text, path } of textsAt(section, 'subagents')) wants(text, path)
  }
  for (const { step, expect } of testSteps(doc)) {
    wants(textAt(expect.value, 'agentId'), [...expect.path, 'agentId'])
    wants(textAt(mapAt(step.value['command']), 'agentId'), [...step.path, 'command', 'agentId'])
  }
  return problems
}
