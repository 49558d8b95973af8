// A service's answer to "which models are there" in, the models out. Both services, and those that imitate them, give a list of
// maps in `data`; each says something else beside the id.

import { ModelError, type OfferedModel } from './port.ts'

export interface ModelPage {
  readonly models: readonly OfferedModel[]
  /** Where the next page begins; absent: this is the last. */
  readonly next: string | undefined
}

/** @throws ModelError when the answer is no list of models. */
export async function listOf(response: { text(): Promise<string> }): Promise<ModelPage> {
  const body = parsed(await response.text())
  const data = isRecord(body) ? body['data'] : undefined
  if (!isRecord(body) || !Array.isArray(data)) throw new ModelError('invalid', 'The service does not say which models it has.')
  const models = data.filter(isRecord).flatMap((entry) => offeredModel(entry))
  return { models, next: body['has_more'] === true ? text(body['last_id']) : undefined }
}

function offeredModel(entry: Readonly<Record<string, unknown>>): readonly OfferedModel[] {
  const id = text(entry['id'])
  if (id === undefined) return []
  const ends = text(entry['retires_at']) ?? text(entry['shutdown_date'])
  const bounds = { contextWindow: number(entry['max_input_tokens']), maxOutput: number(entry['max_tokens']) }
  return [{ id, ...bounds, ends: ends?.slice(0, 10) }]
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === 'object' && value !== null

function parsed(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch {
    return undefined
  }
}

const text = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined)
const number = (value: unknown): number | undefined => (typeof value === 'number' && value > 0 ? value : undefined)
