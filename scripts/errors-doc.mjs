// Writes docs/errors.md from the catalogue. Takes the folder of the build; default: dist.

import { mkdirSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const build = resolve(process.argv[2] ?? `${root}/dist`)
const { errorsMarkdown } = await import(pathToFileURL(`${build}/src/config/explain.js`).href)
mkdirSync(`${root}/docs`, { recursive: true })
writeFileSync(`${root}/docs/errors.md`, errorsMarkdown())
