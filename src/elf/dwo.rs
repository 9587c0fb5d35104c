//! The split units of a program: packages and `.dwo` files.

use std::collections::HashMap;
use std::path::PathBuf;

use crate::dwarf::{Sections, dwo_ids, only_skeletons, skeletons};
use crate::elf::debug::{Part, take};
use crate::elf::file::Elf;
use crate::elf::finder::{Candidate, Finder, plain};
use crate::elf::request::{DebugFile, Request};
use crate::error::{Error, ErrorKind, Result};

/// A split unit that is still to be found: its `.dwo` file's name, and the folder it was compiled in.
struct Wanted {
    name: PathBuf,
    folder: PathBuf,
}

impl Finder<'_> {
    /// Adds the split units that a program's skeletons belong to.
    ///
    /// # Errors
    /// `Malformed` where the program's units can't be read; `Stripped` where the program has nothing but skeletons,
    /// and all split units are missing; as [`Finder::find`].
    pub fn split(&mut self, sections: &mut Sections) -> Result<()> {
        let mut wanted = HashMap::new();
        let mut order = Vec::new();
        for skeleton in skeletons(sections)? {
            let it = Wanted {
                name: plain(skeleton.name),
                folder: plain(skeleton.folder),
            };
            if wanted.insert(skeleton.id, it).is_none() {
                order.push(skeleton.id);
            }
        }
        if wanted.is_empty() {
            return Ok(());
        }
        for split in &sections.split {
            for id in dwo_ids(split)? {
                wanted.remove(&id);
            }
        }
        self.package(sections, &mut wanted)?;
        for id in order {
            if let Some(it) = wanted.remove(&id) {
                self.one(id, &it, sections, &mut wanted)?;
            }
        }
        self.some(sections)
    }

    /// Takes what is wanted from packages.
    fn package(
        &mut self,
        sections: &mut Sections,
        wanted: &mut HashMap<u64, Wanted>,
    ) -> Result<()> {
        let mut candidates = Vec::new();
        for mut stem in self.stems() {
            stem.as_mut_os_string().push(".dwp");
            let mirrored = stem.file_name().map(|name| self.mirrored(name.as_ref()));
            candidates.push(stem);
            candidates.extend(mirrored.unwrap_or_default());
        }
        let request = Request::new(DebugFile::Package, self.program.clone());
        let limits = self.limits;
        // Without a package there are .dwo files.
        if let Ok((split, ids)) = self.find(request, candidates, |candidate: &Candidate| {
            let split = take(&Elf::parse(candidate.bytes.clone())?, Part::Split, limits)?;
            let ids = dwo_ids(&split)?;
            if ids.iter().any(|id| wanted.contains_key(id)) {
                return Ok((split, ids));
            }
            Err(Error::malformed("it has none of the program's split units"))
        })? {
            ids.iter().for_each(|id| drop(wanted.remove(id)));
            sections.split.push(split);
        }
        Ok(())
    }

    /// Takes one split unit from its `.dwo` file, and others that are there, too.
    fn one(
        &mut self,
        id: u64,
        it: &Wanted,
        sections: &mut Sections,
        wanted: &mut HashMap<u64, Wanted>,
    ) -> Result<()> {
        let named = it.folder.join(&it.name);
        let folders = self.folders();
        let mut candidates = Vec::new();
        if named.is_absolute() {
            candidates.push(named);
        } else {
            candidates.extend(folders.iter().map(|folder| folder.join(&named)));
        }
        for folder in &folders {
            candidates.push(folder.join(&it.name));
            candidates.extend(it.name.file_name().map(|name| folder.join(name)));
        }
        let mut request = Request::new(DebugFile::Split, self.program.clone());
        request.name = Some(it.name.clone());
        request.dwo_id = Some(id);
        let limits = self.limits;
        let found = self.find(request, candidates, |candidate: &Candidate| {
            let split = take(&Elf::parse(candidate.bytes.clone())?, Part::Split, limits)?;
            let ids = dwo_ids(&split)?;
            if ids.contains(&id) {
                return Ok((split, ids));
            }
            Err(Error::malformed(match ids.iter().min() {
                Some(its) => format!("its id is {its:#018x}: it is of another build"),
                None => "it has no split unit".to_owned(),
            }))
        })?;
        match found {
            Ok((split, ids)) => {
                ids.iter().for_each(|id| drop(wanted.remove(id)));
                sections.split.push(split);
            }
            Err(missing) => self.missing.push(missing),
        }
        Ok(())
    }

    /// Whether there is anything at all.
    fn some(&self, sections: &Sections) -> Result<()> {
        match self.missing.first() {
            Some(first) if sections.split.is_empty() && only_skeletons(sections)? => {
                Err(Error::new(
                    ErrorKind::Stripped,
                    format!(
                        "the debug information is in {} other files (-gsplit-dwarf), and none is there; {first}. Keep the .dwo files where the program was compiled, or a package of them beside the program (dwp -e PROGRAM)",
                        self.missing.len()
                    ),
                ))
            }
            _ => Ok(()),
        }
    }
}
