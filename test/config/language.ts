// The language as the build makes it: from its core and the folders of the channels in the registry.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as channels from '../../src/channels/registry.ts'
import { languageOf } from '../../src/config/language/index.ts'
import { packageRoot } from '../../src/resources.ts'
import type { SchemaNode, SettingsFragment } from '../../src/schema-node.ts'

export const readJson = (path: string): unknown => JSON.parse(readFileSync(join(packageRoot(), path), 'utf8'))

export const core = readJson('src/config/language/core.json') as SchemaNode

export const fragments: Readonly<Record<string, SettingsFragment>> = Object.fromEntries(
  Object.keys(channels)
    .sort()
    .map((type) => [type, readJson(`src/channels/${type}/settings.schema.json`) as SettingsFragment]),
)

export const language: SchemaNode = languageOf(core, fragments)
