// The skills that ship: used by name where the configuration's own `skills/` folder has none of that name.

import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { packageRoot } from '../resources.ts'

const folder = (): string => join(packageRoot(), 'skills')

export const bundledSkills = (): readonly string[] => readdirSync(folder()).sort()

/** The folder of one; undefined: none of that name ships. */
export const bundledSkill = (name: string): string | undefined =>
  bundledSkills().includes(name) ? join(folder(), name) : undefined
