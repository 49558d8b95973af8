// Names of skills → their texts and the tools they bring, from `skills/<name>/` beside the root file.

import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type Diagnostic, messageOf } from '../../errors.ts'
import type { SkillPlan } from '../../plan/plan.ts'
import type { ConfigDocument } from '../document.ts'
import { type NamedFiles, skillFolder } from '../files.ts'
import type { Path } from '../shape.ts'
import { suggestion } from '../suggest.ts'

export async function loadSkills(
  names: readonly string[],
  path: Path,
  doc: ConfigDocument,
  files: NamedFiles,
  report: (problem: Diagnostic) => void,
): Promise<readonly SkillPlan[]> {
  const skills: SkillPlan[] = []
  for (const [index, name] of names.entries()) {
    const at = [...path, index]
    const folder = skillFolder(doc.file, name)
    const valid = /^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(name)
    if (!valid || !existsSync(join(folder, 'SKILL.md'))) {
      const none = 'Put its SKILL.md into skills/<name>/ beside the configuration.'
      const hint = suggestion(name, await installed(doc.file), none, 'Installed')
      report(doc.problem('CLAW207', `There is no skill "${name}".`, at, { hint }))
      continue
    }
    const { text } = await files.read(join(folder, 'SKILL.md'), at, 'a skill')
    skills.push({ name, folder, text, tools: await skillTools(folder, at, doc, files, report) })
  }
  return skills
}

const installed = async (rootFile: string): Promise<readonly string[]> =>
  readdir(join(dirname(rootFile), 'skills')).catch(() => [])

/** `skill.json` may list tools the skill needs: `{"tools": ["web_fetch"]}`. */
async function skillTools(
  folder: string,
  at: Path,
  doc: ConfigDocument,
  files: NamedFiles,
  report: (problem: Diagnostic) => void,
): Promise<readonly string[]> {
  const manifest = join(folder, 'skill.json')
  if (!existsSync(manifest)) return []
  const { text } = await files.read(manifest, at, 'a skill')
  try {
    const { tools = [] } = JSON.parse(text) as { tools?: unknown }
    if (!Array.isArray(tools)) throw new Error('`tools` is not a list')
    return tools.map((tool: unknown) =>
      typeof tool === 'string' ? tool : String((tool as { name?: unknown } | null)?.name ?? ''),
    )
  } catch (error) {
    report(doc.problem('CLAW003', `${manifest} is not a skill's metadata: ${messageOf(error)}.`, at))
    return []
  }
}
