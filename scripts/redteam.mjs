// Attacks the checker of commands with commands made by grammar: `npm run redteam -- --seed N --minutes M`. Wants a build.
// `--attempts N` ends after so many, `--family NAME` keeps to some. What falls is written to test/redteam/cases.

import { fileURLToPath, pathToFileURL } from 'node:url'

const built = fileURLToPath(new URL('../dist/test/redteam/run.js', import.meta.url))
const { main } = await import(pathToFileURL(built).href)
process.exitCode = await main(process.argv.slice(2))
