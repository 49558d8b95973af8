// Skills as an agent names them → their texts, from `skills/<name>/` beside the root file, or from those that ship.

import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Diagnostic } from '../../errors.ts'
import type { SkillPlan } from '../../plan/plan.ts'
import { bundledSkill, bundledSkills } from '../../skills/bundled.ts'
import { loadSkill, SKILL_NAME } from '../../skills/load.ts'
import type { ConfigDocument } from '../document.ts'
import type { NamedFiles } from '../files.ts'
import type { Agent } from '../generated/config.ts'
import { copyOf, type Mirror } from '../mirror.ts'
import type { Path } from '../shape.ts'
import { suggestion } from '../suggest.ts'

export interface SkillsInput {
  readonly doc: ConfigDocument
  readonly files: NamedFiles
  readonly mirror?: Mirror
  report(problem: Diagnostic): void
}

type Named = NonNullable<Agent['skills']>[number]

export async function loadSkills(named: readonly Named[], path: Path, input: SkillsInput): Promise<readonly SkillPlan[]> {
  const { doc, report } = input
  const skills = new Map<string, SkillPlan>()
  for (const [index, one] of named.entries()) {
    const { name, always = false } = typeof one === 'string' ? { name: one } : one
    const at = [...path, index]
    const skill = await loadNamed(name, at, input)
    if (skill === undefined) continue
    const other = skills.get(skill.name)
    if (other === undefined) skills.set(skill.name, { ...skill, always })
    else {
      const hint = `${other.folder} and ${skill.folder} both say so; change \`name\` in one of them.`
      report(doc.problem('CLAW306', `Two skills of this agent are called "${skill.name}".`, at, { hint }))
    }
  }
  return [...skills.values()]
}

async function loadNamed(name: string, at: Path, input: SkillsInput): Promise<Omit<SkillPlan, 'always'> | undefined> {
  const { doc, files, mirror, report } = input
  const all = join(dirname(doc.file), 'skills')
  const own = join(all, name)
  const isName = SKILL_NAME.test(name)
  const isOwn = isName && existsSync(copyOf(own, mirror))
  const folder = isOwn ? own : isName ? bundledSkill(name) : undefined
  if (folder === undefined) {
    const none = 'Put its SKILL.md into skills/<name>/ beside the configuration.'
    const installed = await readdir(copyOf(all, mirror)).catch(() => [])
    const known = [...new Set([...installed, ...bundledSkills()])]
    report(doc.problem('CLAW207', `There is no skill "${name}".`, at, { hint: suggestion(name, known, none, 'Skills') }))
    return undefined
  }
  const { skill, problem, programs, sources } = await loadSkill(folder, isOwn ? copyOf(own, mirror) : folder)
  // What ships changes with the package alone.
  if (isOwn) files.note(sources)
  if (problem !== undefined) report(doc.problem('CLAW003', problem, at))
  if (programs !== undefined) {
    const hint = 'Its text is used. A tool of your own is a plugin: see docs/writing-a-tool.md.'
    const message = `Programs of the skill ${name} are not loaded: ${programs.join(', ')}.`
    report(doc.problem('CLAW413', message, at, { hint }))
  }
  return skill
}
