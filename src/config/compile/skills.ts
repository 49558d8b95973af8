// Names of skills → their texts, from `skills/<name>/` beside the root file.

import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Diagnostic } from '../../errors.ts'
import type { SkillPlan } from '../../plan/plan.ts'
import { loadSkill } from '../../skills/load.ts'
import type { ConfigDocument } from '../document.ts'
import type { NamedFiles } from '../files.ts'
import { copyOf, type Mirror } from '../mirror.ts'
import type { Path } from '../shape.ts'
import { suggestion } from '../suggest.ts'

export interface SkillsInput {
  readonly doc: ConfigDocument
  readonly files: NamedFiles
  readonly mirror?: Mirror
  report(problem: Diagnostic): void
}

export async function loadSkills(names: readonly string[], path: Path, input: SkillsInput): Promise<readonly SkillPlan[]> {
  const { doc, files, mirror, report } = input
  const all = join(dirname(doc.file), 'skills')
  const skills: SkillPlan[] = []
  for (const [index, name] of names.entries()) {
    const at = [...path, index]
    const folder = join(all, name)
    const from = copyOf(folder, mirror)
    if (!/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(name) || !existsSync(from)) {
      const none = 'Put its SKILL.md into skills/<name>/ beside the configuration.'
      const installed = await readdir(copyOf(all, mirror)).catch(() => [])
      report(doc.problem('CLAW207', `There is no skill "${name}".`, at, { hint: suggestion(name, installed, none, 'Installed') }))
      continue
    }
    const { skill, problem, sources } = await loadSkill(folder, from)
    files.note(sources)
    if (problem !== undefined) report(doc.problem('CLAW003', problem, at))
    if (skill !== undefined) skills.push(skill)
  }
  return skills
}
