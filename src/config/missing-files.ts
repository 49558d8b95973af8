// A document with mistakes → what is wrong with the files it names, so that all problems are told at once. A document without
// is compiled, which reads the same files.

import type { Diagnostic } from '../errors.ts'
import { agentSections } from './checks/check.ts'
import { isNeeded } from './checks/secrets.ts'
import { isSoulPath } from './compile/agents.ts'
import { loadSkills } from './compile/skills.ts'
import { type ConfigDocument, listAt, mapAt, textAt } from './document.ts'
import { createNamedFiles } from './files.ts'
import type { Value } from './fill.ts'
import type { Mirror } from './mirror.ts'
import type { Scope } from './scope.ts'
import { secretStore } from './secrets.ts'

interface Input {
  readonly doc: ConfigDocument
  readonly scope: Scope
  /** Secrets whose files are missing are errors. */
  readonly requireSecrets: boolean
  readonly mirror: Mirror | undefined
}

/** Must not throw on a document that does not fit the schema. */
export async function missingFiles({ doc, scope, requireSecrets, mirror }: Input): Promise<readonly Diagnostic[]> {
  const diagnostics: Diagnostic[] = []
  const report = (problem: Diagnostic): void => void diagnostics.push(problem)
  const files = createNamedFiles(doc, report, mirror)
  await secretStore(doc, files, (path) => requireSecrets && isNeeded(path, doc))
  for (const { value, path } of agentSections(doc, scope)) {
    const soul = textAt(value, 'soul')
    if (soul !== undefined && isSoulPath(soul)) await files.read(soul.trim(), [...path, 'soul'], 'a soul')
    await loadSkills(skillsIn(value['skills']), [...path, 'skills'], { doc, files, report, ...(mirror && { mirror }) })
  }
  for (const [id, model] of Object.entries(mapAt(doc.value, 'models'))) {
    const script = textAt(model, 'script')
    if (script !== undefined) await files.read(script, ['models', id, 'script'], 'a script')
  }
  return diagnostics
}

/** Names of skills, as a text or in a map. */
const skillsIn = (value: Value | undefined): readonly string[] =>
  listAt(value).flatMap((one) => (typeof one === 'string' ? [one] : (textAt(mapAt(one), 'name') ?? [])))
