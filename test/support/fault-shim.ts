// Loaded into a process with `--import`: system calls on the state folder, its database and sockets fail as CLAW_FAULTS says, while
// the file it names is there. The same seed makes the same choices.

import fs from 'node:fs'
import { register, syncBuiltinESMExports } from 'node:module'
import net from 'node:net'
import { calls, code, folder, random, strikes } from './fault-dice.ts'

const failure = (call: string): Error => Object.assign(new Error(`${code}: injected into ${call}`), { code })
const isOurs = (path: unknown): path is string => typeof path === 'string' && path.startsWith(folder)
const ourFiles = new Set<number>()

const { openSync, closeSync, writeSync, mkdirSync } = fs
fs.openSync = (path, ...rest) => {
  if (calls.includes('open') && isOurs(path) && strikes()) throw failure('open')
  const fd = openSync(path, ...rest)
  if (isOurs(path)) ourFiles.add(fd)
  return fd
}
fs.closeSync = (fd) => {
  ourFiles.delete(fd)
  closeSync(fd)
}
fs.writeSync = ((fd: number, ...rest: [Buffer]) => {
  if (calls.includes('write') && ourFiles.has(fd) && strikes()) {
    // A disk that fills takes a part first.
    if (random() < 0.5) writeSync(fd, rest[0].subarray(0, Math.floor(rest[0].length / 2)))
    throw failure('write')
  }
  return writeSync(fd, ...rest)
}) as typeof fs.writeSync
fs.mkdirSync = ((path: string, options: fs.MakeDirectoryOptions) => {
  if (calls.includes('open') && isOurs(path) && strikes()) throw failure('mkdir')
  return mkdirSync(path, options)
}) as typeof fs.mkdirSync
const { writeFile } = fs.promises
fs.promises.writeFile = async (file, ...rest) => {
  if (calls.includes('write') && isOurs(file) && strikes()) throw failure('write')
  await writeFile(file, ...rest)
}
syncBuiltinESMExports()

register('./fault-hooks.js', import.meta.url)

if (calls.includes('send')) {
  const { write } = net.Socket.prototype
  net.Socket.prototype.write = function (this: net.Socket, ...args: unknown[]) {
    if (strikes()) this.destroy(failure('send'))
    return Reflect.apply(write, this, args) as boolean
  } as typeof write
}
