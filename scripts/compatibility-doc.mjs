// Writes the table of services into docs/compatibility.md, from the data that the tests run. Takes the folder of the build;
// default: dist.

import { readFileSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const build = resolve(process.argv[2] ?? `${root}/dist`)
const { withServices } = await import(pathToFileURL(`${build}/test/models/services/table.js`).href)
const file = `${root}/docs/compatibility.md`
writeFileSync(file, withServices(readFileSync(file, 'utf8')))
