// What a summary keeps and how it is made must fit into the window of the model.

import type { Diagnostic } from '../../errors.ts'
import { DEFAULT_MODEL, DEFAULT_WINDOW } from '../../models/defaults.ts'
import { knownModel } from '../../models/known-models.ts'
import { mapAt, textAt } from '../document.ts'
import type { Value } from '../fill.ts'
import { DEFAULTS } from '../generated/defaults.ts'
import { type ModelNames, modelNames } from '../named-models.ts'
import type { Check, Found } from './check.ts'

/** A short message with what frames it. */
const LEAST_MESSAGE_TOKENS = 50

export const checkCompaction: Check = ({ doc, scope, registry }) => {
  const names = modelNames(doc, registry)
  const defaults: Found = { value: mapAt(doc.value, 'defaults'), path: ['defaults'] }
  const problems = new Map<string, Diagnostic>()
  for (const id of scope.agents) {
    const agent: Found = { value: mapAt(mapAt(doc.value, 'agents'), id), path: ['agents', id] }
    const setting = (key: string): { value: number; path: Found['path'] } | undefined => {
      const from = [agent, defaults].find(({ value }) => typeof settingsOf(value)[key] === 'number')
      return from && { value: settingsOf(from.value)[key] as number, path: [...from.path, 'compaction', key] }
    }
    const window = setting('contextWindow')?.value ?? windowOf(agent, defaults, names)
    const room = Math.floor(window * (setting('threshold')?.value ?? DEFAULTS.agent.compaction.threshold))
    const report = (what: string, hint: string, path: Found['path']): void => {
      // What `defaults` says is told of once, however many agents it holds for.
      problems.set(`${path.join('/')} ${window}`, doc.problem('CLAW323', what, path, { hint }))
    }
    const keep = setting('keepRecent')
    if (keep !== undefined && keep.value * LEAST_MESSAGE_TOKENS > room) {
      const most = Math.max(2, Math.floor(room / LEAST_MESSAGE_TOKENS))
      report(
        `${keep.value} recent messages do not fit into the ${room} tokens that a conversation may take here.`,
        `Fewer are kept. Set it to ${most} at most, or contextWindow to what the model reads.`,
        keep.path,
      )
    }
    const chunk = setting('chunkTokens')
    if (chunk !== undefined && chunk.value > window / 2) {
      report(
        `Parts of ${chunk.value} tokens are more than half of the window of ${window}.`,
        `Parts of ${Math.floor(window / 2)} are made. A part is read with the summary so far, so it may be half of the window at most.`,
        chunk.path,
      )
    }
  }
  return [...problems.values()]
}

const settingsOf = (section: { readonly [key: string]: Value }): { readonly [key: string]: Value } => mapAt(section['compaction'])

function windowOf(agent: Found, defaults: Found, { resolve, services }: ModelNames): number {
  const means = resolve(textAt(agent.value, 'model') ?? textAt(defaults.value, 'model') ?? DEFAULT_MODEL)
  if ('unknown' in means) return DEFAULT_WINDOW
  return knownModel(services.get(means.provider) ?? '', means.model)?.contextWindow ?? DEFAULT_WINDOW
}
