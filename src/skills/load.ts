// A skill's folder in, its text for the prompt out. SKILL.md is what the model reads; skill.json names and describes.
// Tools that a skill brings (tools/*) are not loaded yet: `tools` is empty until they are.

import { basename, join } from 'node:path'
import { readOrdinaryFile } from '../ordinary-file.ts'
import type { SkillPlan } from '../plan/plan.ts'

export interface LoadedSkill {
  /** Absent when `problem` says why. */
  readonly skill?: SkillPlan
  /** One sentence that names the file. */
  readonly problem?: string
  /** Files that were read or looked for, absolute, for the watcher. */
  readonly sources: readonly string[]
}

/** More text than this costs every turn dearly; a skill that needs more keeps it in files of its own. */
const MAX_BYTES = 64_000
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/

/** Reads `skills/<name>`, or a copy of it that stands at `from`. Never throws for what stands in the folder. */
export async function loadSkill(folder: string, from: string = folder): Promise<LoadedSkill> {
  const textPath = join(folder, 'SKILL.md')
  const metaPath = join(folder, 'skill.json')
  const sources = [textPath, metaPath]
  const [text, meta] = await Promise.all([read(join(from, 'SKILL.md')), read(join(from, 'skill.json'))])
  if (text === null) return { problem: `${textPath} cannot be read; a skill needs a SKILL.md.`, sources }
  if (Buffer.byteLength(text) > MAX_BYTES) return { problem: `${textPath} is larger than ${MAX_BYTES} bytes.`, sources }
  const data = meta === null ? {} : parseMeta(meta)
  if (typeof data === 'string') return { problem: `${metaPath} ${data}`, sources }
  const { body, fields } = splitFrontMatter(text)
  const name = data.name ?? fields['name'] ?? basename(folder)
  if (!NAME.test(name))
    return { problem: `${metaPath}: "${name}" is no name: use letters, digits, dot, dash, underscore.`, sources }
  const description = data.description ?? fields['description']
  const prompt = [description ?? '', body.trim()].join('\n\n').trim()
  if (prompt === '') return { problem: `${textPath} is empty.`, sources }
  return { skill: { name, folder, text: prompt, tools: [] }, sources }
}

async function read(path: string): Promise<string | null> {
  try {
    return (await readOrdinaryFile(path)).toString('utf8').replace(/^\uFEFF/, '')
  } catch {
    return null
  }
}

function parseMeta(json: string): { name?: string; description?: string } | string {
  let data: unknown
  try {
    data = JSON.parse(json)
  } catch (error) {
    return `is not valid JSON: ${error instanceof Error ? error.message : String(error)}.`
  }
  if (typeof data !== 'object' || data === null || Array.isArray(data)) return 'must hold an object.'
  const { name, description } = data as Record<string, unknown>
  if (name !== undefined && typeof name !== 'string') return 'has a `name` that is no text.'
  if (description !== undefined && typeof description !== 'string') return 'has a `description` that is no text.'
  return { ...(name === undefined ? {} : { name }), ...(description === undefined ? {} : { description }) }
}

/** Many published skills open with a block of `key: value` lines between dashes. Only plain lines are read. */
function splitFrontMatter(text: string): { body: string; fields: Record<string, string> } {
  const match = /^---\r?\n([\s\S]*?)\r?\n---[ \t]*(?:\r?\n|$)/.exec(text)
  if (match === null) return { body: text, fields: {} }
  const fields: Record<string, string> = {}
  for (const line of match[1]!.split(/\r?\n/)) {
    const [, key, value] = /^([A-Za-z][\w-]*):[ \t]+(.+)$/.exec(line) ?? []
    if (key !== undefined && value !== undefined) fields[key] = value.trim().replace(/^(["'])(.*)\1$/, '$2')
  }
  return { body: text.slice(match[0].length), fields }
}
