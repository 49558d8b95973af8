// Secret fields: set where they must be, and not standing in a file that people commit and copy.

import type { Diagnostic } from '../../errors.ts'
import { type ConfigDocument, mapAt, textAt } from '../document.ts'
import { bareVariableName } from '../interpolate.ts'
import { nameOf } from '../mistakes.ts'
import { resolveModel } from '../model-ref.ts'
import type { Scope } from '../scope.ts'
import { type Path, pointerOf, shapeAt } from '../shape.ts'
import type { Check, CheckInput } from './check.ts'

export const checkSecrets: Check = (input) => {
  const { doc, scope, requireSecrets } = input
  const problems: Diagnostic[] = []
  for (const { path, unset, literal, value, misplaced } of doc.secrets.values()) {
    for (const { name, message } of unset) {
      const words = message === undefined ? '' : `: ${message}`
      const required = requireSecrets && isNeeded(path, doc)
      const code = required ? 'CLAW007' : 'CLAW009'
      const hint = `Set ${name} in the environment or in .env.`
      problems.push(doc.problem(code, `The secret ${name} is not set${words}.`, path, { hint }))
    }
    if (unset.length === 0 && value === '' && misplaced === undefined && isWanted(path, scope)) {
      const code = requireSecrets && isNeeded(path, doc) ? 'CLAW007' : 'CLAW009'
      const [name] = doc.variables.get(pointerOf(path)) ?? []
      const hint = name === undefined ? 'Write "${NAME}", or {file: path}.' : `Set ${name} in the environment or in .env.`
      problems.push(doc.problem(code, `The secret ${nameOf(path)} is empty.`, path, { hint }))
    }
    if (literal && misplaced === undefined && looksReal(value, path)) {
      const name = path
        .map((part) =>
          String(part)
            .replace(/(?<=[a-z])(?=[A-Z])|[^A-Za-z0-9]+/g, '_')
            .toUpperCase(),
        )
        .slice(-2)
        .join('_')
      const hint = `Move it to .env and write \${${name}} here, or {file: path}.`
      problems.push(doc.problem('CLAW406', 'This secret stands in the file, where it is easily shared.', path, { hint }))
    }
  }
  return [...problems, ...keysMissing(input)]
}

/** Whether what holds the secret cannot do without it. */
function isWanted(path: Path, { channels, channelShapes }: Scope): boolean {
  const holder = shapeAt(path.slice(0, -1), (id) => channels.get(id), channelShapes)
  return holder?.required?.includes(String(path.at(-1))) === true
}

/** Before a start: agents whose provider has no key anywhere will answer nobody. Not an error, for a key may come from elsewhere. */
function keysMissing({ doc, scope, registry, lookup, requireSecrets }: CheckInput): readonly Diagnostic[] {
  if (!requireSecrets) return []
  const root = mapAt(doc.value)
  const defaults = mapAt(root['defaults'])
  const configured = mapAt(root['models'])
  const models = new Map([...scope.providers].map((key) => [key, key]))
  const problems: Diagnostic[] = []
  for (const id of scope.agents) {
    const agent = mapAt(mapAt(root['agents'])[id])
    if ((agent['offline'] ?? defaults['offline']) !== undefined) continue
    const resolved = resolveModel(textAt(agent, 'model') ?? textAt(defaults, 'model') ?? 'anthropic', models)
    if ('unknown' in resolved || configured[resolved.provider] !== undefined) continue
    const name = registry.providers.find(({ type }) => type === resolved.provider)?.environment?.key
    if (name === undefined || lookup(name)) continue
    const hint = `Set ${name} in the environment or in .env, or give the agent an \`offline\` model.`
    problems.push(
      doc.problem('CLAW009', `${name} is not set, and the agent ${id} needs it.`, ['agents', id], {
        spot: 'key',
        hint,
        severity: 'warning',
      }),
    )
  }
  return problems
}

/** Words such as `none` that servers without keys want are no secrets. */
const looksReal = (value: string, path: Path): boolean =>
  bareVariableName(value) === undefined &&
  !(path[0] === 'models' && /^[A-Za-z-]{1,16}$/.test(value)) &&
  !(path[0] === 'mcpServers' && path[2] === 'env' && !NAMES_A_SECRET.test(String(path[3])))

/** Most variables of a program are settings. */
const NAMES_A_SECRET = /key|token|secret|passw|auth|credential/i

/** A channel that is off needs no token, a provider whose users all have an `offline` model needs no key. */
export function isNeeded(path: Path, doc: ConfigDocument): boolean {
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
