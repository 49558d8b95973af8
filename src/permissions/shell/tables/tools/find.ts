// find: looks for names, and prints them.

import type { ToolTable } from '../table.ts'

export const find = (): ToolTable => ({
  tools: ['find', 'gfind'],
  about: 'Looks for files by name, kind, size and age, and prints what it finds. It opens none of them.',
  style: 'words',
  forms: [
    {
      why: 'prints names',
      options: [
        { names: '-H -P', why: 'whether links named here are followed' },
        { names: '-name -iname -path -ipath -wholename -iwholename -lname -ilname', value: 'name', why: 'which names' },
        { names: '-regex -iregex -regextype', value: 'text', why: 'which names' },
        { names: '-type -xtype', value: 'find-types', why: 'which kind' },
        { names: '-maxdepth -mindepth -links -inum', value: 'amount', why: 'how deep, which number' },
        { names: '-size -mtime -atime -ctime -mmin -amin -cmin -used', value: 'amount', why: 'which size or age' },
        { names: '-newer -anewer -cnewer -samefile', value: 'read', why: 'age against another file' },
        { names: '-newermt -newerct -newerat', value: 'date', why: 'which age' },
        { names: '-user -group -uid -gid -fstype', value: 'amount-or-word', why: 'whose files' },
        { names: '-perm', value: 'mode', why: 'which rights' },
        { names: '-empty -readable -writable -executable -true -false -nouser -nogroup', why: 'which kind' },
        { names: '-and -a -or -o -not -prune -quit', why: 'how tests are joined' },
        {
          names: '-depth -xdev -mount -daystart -noleaf -ignore_readdir_race -warn -nowarn -noignore_readdir_race',
          why: 'in which order',
        },
        { names: '-print -print0 -ls', why: 'prints names' },
        { names: '-printf', value: 'text', why: 'prints what is known of a name' },
        { names: '-version --version -help --help', why: 'says its version, or how it is used' },
      ],
      operands: 'find-start*',
      dashes: 'none',
    },
  ],
  asks: [
    { what: '-exec, -execdir, -ok, -okdir', why: 'starts a program for what it finds' },
    { what: '-delete', why: 'removes what it finds' },
    { what: '-fprint, -fprint0, -fprintf, -fls', why: 'writes a file' },
    { what: '-files0-from', why: 'reads a list of folders from a file' },
    { what: '-L, -follow', why: 'follows links out of the folder' },
  ],
})
