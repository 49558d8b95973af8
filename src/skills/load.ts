// A skill's folder in, its name, description and text out. SKILL.md is what the model reads; its front matter, or skill.json, names
// and describes it. Programs that a skill brings (tools/*, scripts/*) are not loaded.

import { readdir } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { readOrdinaryFile } from '../ordinary-file.ts'
import type { SkillPlan } from '../plan/plan.ts'
import { shortened } from '../text-cut.ts'
import { splitFrontMatter } from './front-matter.ts'

export interface LoadedSkill {
  /** Absent when `problem` says why. */
  readonly skill?: Omit<SkillPlan, 'always'>
  /** One sentence that names the file. */
  readonly problem?: string
  /** Programs it brings, which are not loaded, by name in its folder. */
  readonly programs?: readonly string[]
  /** Files that were read or looked for, absolute, for the watcher. */
  readonly sources: readonly string[]
}

/** More text than this costs every turn dearly; a skill that needs more keeps it in files of its own. */
const MAX_BYTES = 64_000
/** What the open form of skills allows. */
const MOST_DESCRIPTION = 1024
export const SKILL_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/

/** Reads `skills/<name>`, or a copy of it that is at `from`. Never throws for what is in the folder. */
export async function loadSkill(folder: string, from: string = folder): Promise<LoadedSkill> {
  const file = await textFileIn(from)
  const textPath = join(folder, file)
  const metaPath = join(folder, 'skill.json')
  const sources = [textPath, metaPath]
  const [text, meta] = await Promise.all([read(join(from, file)), read(join(from, 'skill.json'))])
  if (text === null) return { problem: `${textPath} cannot be read; a skill needs a SKILL.md.`, sources }
  if (Buffer.byteLength(text) > MAX_BYTES) return { problem: `${textPath} is larger than ${MAX_BYTES} bytes.`, sources }
  const data = meta === null ? {} : parseMeta(meta)
  if (typeof data === 'string') return { problem: `${metaPath} ${data}`, sources }
  const { body, fields } = await splitFrontMatter(text)
  if (data.name !== undefined && !SKILL_NAME.test(data.name))
    return { problem: `${metaPath}: "${data.name}" is no name: use letters, digits, dot, dash, underscore.`, sources }
  const named = fields['name']
  // A front matter may hold a title; then the folder names the skill.
  const name = data.name ?? (typeof named === 'string' && SKILL_NAME.test(named) ? named : basename(folder))
  const description = describe(data.description ?? fields['description'] ?? firstSentence(body))
  if (description === '' && body.trim() === '') return { problem: `${textPath} is empty.`, sources }
  const programs = await programsIn(from)
  return {
    skill: { name, folder, description, text: body.trim(), tools: [] },
    ...(programs.length === 0 ? {} : { programs }),
    sources,
  }
}

/** SKILL.md, or as some write it. */
async function textFileIn(folder: string): Promise<string> {
  const entries: readonly string[] = await readdir(folder).catch(() => [])
  return entries.includes('SKILL.md') ? 'SKILL.md' : (entries.find((name) => name.toLowerCase() === 'skill.md') ?? 'SKILL.md')
}

async function programsIn(folder: string): Promise<readonly string[]> {
  const entries = await readdir(join(folder, 'tools')).catch(() => [])
  return entries.filter((name) => /\.(?:[cm]?js|ts)$/.test(name)).map((name) => `tools/${name}`)
}

async function read(path: string): Promise<string | null> {
  try {
    return (await readOrdinaryFile(path)).toString('utf8').replace(/^\uFEFF/, '')
  } catch {
    return null
  }
}

/** One line of a list: it can neither end the line nor grow without bound. */
const describe = (value: unknown): string =>
  typeof value === 'string' ? shortened(value.replaceAll(/[\p{C}\p{Z}]+/gu, ' ').trim(), MOST_DESCRIPTION) : ''

/** What a skill without a description says first. */
const firstSentence = (body: string): string =>
  body.split('\n').find((line) => line.trim() !== '' && !/^\s*(?:#|```|<!--|!\[)/.test(line)) ?? ''

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
