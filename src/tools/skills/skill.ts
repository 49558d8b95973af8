// `skill`: the name of one of the agent's skills in, its text out; `NAME/FILE` gives a further text file of it.

import { readdir, realpath } from 'node:fs/promises'
import { join, sep } from 'node:path'
import { readOrdinaryFile } from '../../ordinary-file.ts'
import { inputSchema, text } from '../input-fields.ts'
import type { AgentSkill, ToolDefinition } from '../port.ts'

const MOST_BYTES = 64_000
const MOST_LISTED = 50

export const skill: ToolDefinition<{ readonly name: string }> = {
  name: 'skill',
  description: 'Reads one of your skills: how to do a kind of task. Read it before you do such a task.',
  inputSchema: inputSchema({ name: text('Name of the skill, or NAME/FILE for one of its files.') }),
  traits: { idempotent: true },
  async run({ name }, { skills }) {
    const [first = '', ...rest] = name.split('/')
    const found = skills.find((one) => one.name === first)
    if (found === undefined)
      throw new Error(`There is no skill "${first}"; there are ${skills.map((one) => one.name).join(', ')}.`)
    if (rest.length > 0) return { content: await fileOf(found, rest.join('/')) }
    const files = await filesOf(found)
    const more = files.length === 0 ? '' : `\n\nFiles of this skill: ${files.map((file) => `${first}/${file}`).join(', ')}`
    return { content: `${found.text}${more}` }
  },
}

/** Text files besides SKILL.md. */
async function filesOf({ folder }: AgentSkill): Promise<readonly string[]> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true }).catch(() => [])
  return entries
    .filter((entry) => entry.isFile() && /\.(?:md|txt|json|ya?ml|csv)$/i.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .filter((file) => !/^(?:skill\.md|skill\.json)$/i.test(file))
    .sort()
    .slice(0, MOST_LISTED)
}

async function fileOf({ name, folder }: AgentSkill, file: string): Promise<string> {
  const missing = new Error(`The skill ${name} has no file ${file}.`)
  const [root, path] = await Promise.all([realpath(folder), realpath(join(folder, file))]).catch(() => {
    throw missing
  })
  // Neither dots nor a link lead out of the folder.
  if (!path.startsWith(root + sep)) throw missing
  const bytes = await readOrdinaryFile(path, MOST_BYTES)
  if (bytes.includes(0)) throw new Error(`${file} is no text.`)
  return bytes.toString('utf8')
}
