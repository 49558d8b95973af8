// Secret fields: set where they must be, and not standing in a file that people commit and copy.

import type { Diagnostic } from '../../errors.ts'
import { mapAt, textAt } from '../document.ts'
import { resolveModel } from '../model-ref.ts'
import type { Path } from '../shape.ts'
import type { Check, CheckInput } from './check.ts'

export const checkSecrets: Check = (input) => {
  const { doc, requireSecrets } = input
  const problems: Diagnostic[] = []
  for (const { path, unset, literal, value, misplaced } of doc.secrets.values()) {
    for (const { name, message } of unset) {
      const words = message === undefined ? '' : `: ${message}`
      const required = requireSecrets && isNeeded(path, input)
      const code = required ? 'CLAW007' : 'CLAW009'
      const hint = `Set ${name} in the environment or in .env.`
      problems.push(doc.problem(code, `The secret ${name} is not set${words}.`, path, { hint }))
    }
    if (literal && misplaced === undefined && looksReal(value, path)) {
      const name = path
        .map((part) =>
          String(part)
            .replace(/[^A-Za-z0-9]+/g, '_')
            .toUpperCase(),
        )
        .slice(-2)
        .join('_')
      const hint = `Move it to .env and write \${${name}} here, or {file: path}.`
      problems.push(doc.problem('CLAW406', 'This secret stands in the file, where it is easily shared.', path, { hint }))
    }
  }
  return problems
}

/** Words such as `none` that servers without keys want are no secrets. */
const looksReal = (value: string, path: Path): boolean => !(path[0] === 'models' && /^[A-Za-z-]{1,16}$/.test(value))

/** A channel that is off needs no token, a provider whose users all have an `offline` model needs no key. */
function isNeeded(path: Path, { doc }: CheckInput): boolean {
  const root = mapAt(doc.value)
  const [section, id] = path
  if (section === 'channels') return mapAt(mapAt(root['channels'])[String(id)])['enabled'] !== false
  if (section !== 'models') return true
  const defaults = mapAt(root['defaults'])
  const models = new Map(Object.keys(mapAt(root['models'])).map((key) => [key, key]))
  return Object.values(mapAt(root['agents'])).some((agent) => {
    const model = textAt(mapAt(agent), 'model') ?? textAt(defaults, 'model') ?? ''
    const resolved = resolveModel(model, models)
    const uses = !('unknown' in resolved) && resolved.provider === id
    return uses && (mapAt(agent)['offline'] ?? defaults['offline']) === undefined
  })
}
