// Writes docs/commands.md from the lists of tools. Takes the folder of the build; default: dist.

import { writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const build = resolve(process.argv[2] ?? `${root}/dist`)
const { tablesMarkdown } = await import(pathToFileURL(`${build}/src/permissions/shell/tables/document.js`).href)
writeFileSync(`${root}/docs/commands.md`, tablesMarkdown())
