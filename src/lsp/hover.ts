// A place in a text in, what stands there in words, out: what a key is for, its default, its value in force and where that comes
// from; what an agent, channel, link or model service is.

import { relative } from 'node:path'
import { type ConfigDocument, mapAt } from '../config/document.ts'
import type { Value } from '../config/fill.ts'
import { find } from '../config/merge.ts'
import { type Path, pointerOf } from '../config/shape.ts'
import type { SourceText, TreeNode } from '../config/yaml/tree.ts'
import type { SchemaNode } from '../schema-node.ts'
import { channelTypeOf, type Scope } from './completion.ts'
import { cursorAt } from './cursor.ts'
import type { Occurrence } from './names.ts'
import type { Project } from './projects.ts'

export interface Spot {
  readonly path: Path
  readonly source: SourceText
  readonly start: number
  readonly end: number
}

/** The key or value at an offset of a file, in the merged document. */
export function spotAt(document: ConfigDocument, file: string, offset: number): Spot | null {
  const visit = (node: TreeNode, path: Path): Spot | null => {
    const here = node.source.file === file
    // Sections are merged of several files: below them a part lies where its text lies.
    if (path.length > 2 && (!here || offset < node.start || offset > node.end)) return null
    if (node.kind === 'scalar') {
      const { source, start, end } = node
      return here && offset >= start && offset <= end ? { path, source, start, end } : null
    }
    if (node.kind === 'list') {
      for (const [index, item] of node.items.entries()) {
        const found = visit(item, [...path, index])
        if (found !== null) return found
      }
      return null
    }
    for (const { key, source, keyStart: start, keyEnd: end, value } of node.entries) {
      if (source.file === file && offset >= start && offset <= end) return { path: [...path, key], source, start, end }
      const found = visit(value, [...path, key])
      if (found !== null) return found
    }
    return null
  }
  return visit(document.root, [])
}

export function hover(scope: Scope, file: string, text: string, offset: number): { words: string; spot: Spot | null } | null {
  const { project, language } = scope
  const document = project?.document ?? null
  const isSame = document === project?.loaded.document && project?.loaded.texts.get(file) === text
  const spot = document === null || !isSame ? null : spotAt(document, file, offset)
  const path = spot?.path ?? cursorAt(text, lineEnd(text, offset)).path
  const parts: string[] = []
  const name = isSame ? project?.names()?.at(file, offset) : undefined
  if (name !== undefined && project !== undefined) parts.push(...wordsOfName(project, name))
  const key = [...path].reverse().find((part) => typeof part === 'string')
  const node = language.at(path, (id) => channelTypeOf(scope, id))
  if (node !== undefined && key !== undefined) {
    if (node.description !== undefined) parts.push(`**${key}** – ${node.markdownDescription ?? node.description}`)
    if (node.enum !== undefined) parts.push(enumWords(node))
    if (node.default !== undefined) parts.push(`Default: \`${JSON.stringify(node.default)}\``)
    if (document !== null) parts.push(...effective(document, path, node))
  }
  return parts.length === 0 ? null : { words: parts.join('\n\n'), spot }
}

/** The word under the cursor counts as a whole. */
function lineEnd(text: string, offset: number): number {
  const rest = /^[\w.-]*:?\s?/.exec(text.slice(offset))?.[0].length ?? 0
  return offset + rest
}

const enumWords = ({ enum: values = [], markdownEnumDescriptions: words = [] }: SchemaNode): string =>
  values.map((value, index) => `- \`${String(value)}\`${words[index] === undefined ? '' : `: ${words[index]}`}`).join('\n')

/** What is in force: what is written, or for an agent what `defaults` says, or the language's default. */
function effective(document: ConfigDocument, path: Path, node: SchemaNode): readonly string[] {
  const [section, , ...rest] = path
  const places = section === 'agents' && rest.length > 0 ? [path, ['defaults', ...rest]] : [path]
  for (const place of places) {
    if (find(document.root, place) === null) continue
    const { file, line } = document.position(place, 'key')
    const where = `${relative(process.cwd(), file) || file}:${line}`
    const by = place === path ? '' : ' under `defaults`'
    return [`In force: ${shown(document, place, node)}, from ${where}${by}`]
  }
  return node.default === undefined || path.length < 2 ? [] : [`In force: \`${JSON.stringify(node.default)}\`, the default`]
}

/** Secrets, and what came from a variable, are not shown. */
function shown(document: ConfigDocument, path: Path, node: SchemaNode): string {
  const pointer = pointerOf(path)
  const isBelow = (other: string): boolean => other === pointer || other.startsWith(`${pointer}/`)
  if (node['x-secret'] === true || [...document.secrets.keys()].some(isBelow)) return '`***`'
  const variables = document.variables.get(pointer)
  if (variables !== undefined) return variables.map((name) => `\`\${${name}}\``).join(' ')
  let value: Value | undefined = document.value
  for (const part of path) value = Array.isArray(value) ? (value as readonly Value[])[Number(part)] : mapAt(value)[String(part)]
  if ([...document.variables.keys()].some(isBelow)) return 'a value with variables'
  const text = JSON.stringify(value) ?? ''
  return `\`${text.length > MOST ? `${text.slice(0, MOST)}…` : text}\``
}

const MOST = 200

function wordsOfName({ plan }: Project, { kind, name }: Occurrence): readonly string[] {
  if (plan === null) return [`${kind} **${name}**`]
  switch (kind) {
    case 'agent': {
      const agent = plan.agents.get(name)
      if (agent === undefined) return [`There is no agent **${name}**.`]
      const { provider, model } = agent.model
      const tools = agent.tools.join(', ') || 'none'
      return [
        `agent **${name}**${agent.name === name ? '' : ` (${agent.name})`}${agent.description === '' ? '' : ` – ${agent.description}`}`,
        `Model: ${provider}/${model}. Tools: ${tools}. Mode: ${agent.permissions.mode}.`,
      ]
    }
    case 'channel': {
      const channel = plan.channels.get(name)
      if (channel === undefined) return [`There is no channel **${name}**.`]
      const open = channel.allowFrom === undefined ? 'Anyone may write.' : `${channel.allowFrom.length} may write.`
      return [`channel **${name}** of type ${channel.type}. ${open}`]
    }
    case 'link': {
      const link = plan.links.find((one) => one.name === name)
      return [`person **${name}**: ${link?.identities.join(', ') ?? 'not known'}`]
    }
    default: {
      const service = plan.models.get(name)
      return [
        service === undefined
          ? `model service **${name}**`
          : `model service **${name}** (${service.provider}), by default ${service.defaultModel}`,
      ]
    }
  }
}
