// The merged document in, every place that names a model out, with what the name means. Must not throw on a document that does
// not fit the schema.

import type { ModelRef } from '../plan/plan.ts'
import type { Registry } from '../registry.ts'
import { agentSections, itemsOf, testSteps, textsAt } from './checks/check.ts'
import { type ConfigDocument, isMap, mapAt, textAt } from './document.ts'
import type { Config } from './generated/config.ts'
import { resolveModel } from './model-ref.ts'
import { defaultModels, servicesOf } from './model-services.ts'
import type { Scope } from './scope.ts'
import type { Path } from './shape.ts'

export interface NamedModel {
  readonly text: string
  readonly path: Path
  readonly means: ModelRef | { readonly unknown: string }
}

export interface ModelNames {
  /** Provider id → the kind of its service. */
  readonly services: ReadonlyMap<string, string>
  resolve(text: string): NamedModel['means']
}

/** What names mean in this document. */
export function modelNames(doc: ConfigDocument, { providers }: Registry): ModelNames {
  // Providers that are maps; the schema tells of the others.
  const models = Object.fromEntries(Object.entries(mapAt(doc.value, 'models')).filter(([, spec]) => isMap(spec)))
  const config = { models } as Pick<Config, 'models'>
  const defaults = defaultModels(config, providers)
  return { services: servicesOf(config, providers), resolve: (text) => resolveModel(text, defaults) }
}

/** In agents, defaults and tests. */
export function namedModels(doc: ConfigDocument, scope: Scope, { resolve }: ModelNames): readonly NamedModel[] {
  const named: { text: string | undefined; path: Path }[] = []
  for (const section of agentSections(doc, scope)) {
    named.push(...textsAt(section, 'model'), ...textsAt(section, 'fallbacks'), ...textsAt(section, 'offline'))
    named.push({
      text: textAt(mapAt(section.value['compaction']), 'model'),
      path: [...section.path, 'compaction', 'model'],
    })
  }
  for (const heartbeat of itemsOf(mapAt(doc.value)['heartbeats'], ['heartbeats'])) named.push(...textsAt(heartbeat, 'model'))
  const judged = [{ value: mapAt(doc.value), path: [] }, ...itemsOf(mapAt(doc.value)['evals'], ['evals'])]
  for (const found of judged) named.push(...textsAt(found, 'evalModel'))
  for (const { step } of testSteps(doc)) named.push({ text: textAt(step.value, 'model'), path: [...step.path, 'model'] })
  return named.flatMap(({ text, path }) => (text === undefined ? [] : [{ text, path, means: resolve(text) }]))
}
