#!/usr/bin/env node
// Starts the bundle where it was built, else the plain build.
import { existsSync } from 'node:fs'

const bundle = new URL('../dist/bundle/cli.js', import.meta.url)
const plain = new URL('../dist/src/cli.js', import.meta.url)
const useBundle = process.env.CLAW_PLAIN_BUILD !== '1' && existsSync(bundle)
const { main } = await import((useBundle ? bundle : plain).href)
// Whoever reads the output may stop early (`| head`): that is no failure.
process.stdout.on('error', (error) => {
  if (error.code !== 'EPIPE') throw error
  process.exit()
})
process.exitCode = await main(process.argv.slice(2), {
  cwd: process.cwd(),
  env: process.env,
  color: process.stdout.isTTY === true && process.env.NO_COLOR === undefined,
  stdin: process.stdin,
  out: (text) => process.stdout.write(text),
  err: (text) => process.stderr.write(text),
})
