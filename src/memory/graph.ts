// graph.json, which people write: things and how they relate. Its text enters, one entry a thing leaves: what is searched, and
// what is shown, which tells of its neighbours too, so that a question about a relation finds what stands at its other end.

/** `{"entities": [{id, type, observations}], "relations": [{from, to, type}]}`. */
export const GRAPH_FILE = 'graph.json'

export interface GraphEntry {
  readonly id: string
  readonly searched: string
  readonly content: string
}

interface Entity {
  readonly id: string
  readonly type: string
  readonly observations: readonly string[]
}
interface Relation {
  readonly from: string
  readonly to: string
  readonly type: string
}

/** Neighbours told of in one entry. */
const MAX_NEIGHBOURS = 20

/** Parts that are no entity or relation are passed over. @throws Error when the whole is no graph */
export function readGraph(text: string): readonly GraphEntry[] {
  const { entities, relations } = partsOf(text)
  const byId = new Map(entities.map((one) => [one.id, one]))
  const around = new Map<string, string[]>()
  const named = new Map<string, string[]>()
  for (const { from, to, type } of relations) {
    const words = type.replaceAll('_', ' ')
    add(around, from, `- ${words}: ${described(to, byId.get(to))}`)
    add(named, from, `${words} ${to}`)
    add(around, to, `- ${described(from, byId.get(from))}: ${words} this`)
    add(named, to, `${words} ${from}`)
  }
  return entities.map(({ id, type, observations }) => ({
    id,
    searched: [type, ...observations, ...(named.get(id) ?? [])].join('\n'),
    content: [
      type === '' ? id : `${id} (${type})`,
      ...observations.map((one) => `- ${one}`),
      ...(around.get(id) ?? []).slice(0, MAX_NEIGHBOURS),
    ].join('\n'),
  }))
}

function described(id: string, entity: Entity | undefined): string {
  if (entity === undefined) return id
  const known = entity.observations.length === 0 ? '' : ` – ${entity.observations.join('; ')}`
  return `${id}${entity.type === '' ? '' : ` (${entity.type})`}${known}`
}

function partsOf(text: string): { entities: readonly Entity[]; relations: readonly Relation[] } {
  const value: unknown = JSON.parse(text)
  if (!isFields(value)) throw new Error('it must be an object with "entities" and "relations"')
  const entities = list(value['entities']).flatMap((one): Entity[] => {
    const id = isFields(one) ? word(one['id']) : ''
    if (!isFields(one) || id === '') return []
    const observations = list(one['observations']).filter((item): item is string => typeof item === 'string')
    return [{ id, type: word(one['type']), observations }]
  })
  const relations = list(value['relations']).flatMap((one): Relation[] => {
    if (!isFields(one)) return []
    const [from, to, type] = [word(one['from']), word(one['to']), word(one['type'])]
    return from === '' || to === '' ? [] : [{ from, to, type }]
  })
  return { entities, relations }
}

const isFields = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])
const word = (value: unknown): string => (typeof value === 'string' ? value.trim() : '')

function add(map: Map<string, string[]>, key: string, line: string): void {
  const lines = map.get(key)
  if (lines === undefined) map.set(key, [line])
  else lines.push(line)
}
