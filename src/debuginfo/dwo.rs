//! The split units of a program: packages and `.dwo` files.

use std::collections::HashSet;

use crate::debuginfo::file_finder::{Candidate, Finder, plain};
use crate::debuginfo::wanted::{DebugFile, Request};
use crate::dwarf::{Sections, Skeleton, dwo_ids, only_skeletons, skeletons};
use crate::elf::debug::{Part, take};
use crate::elf::file::Elf;
use crate::error::{Error, ErrorKind, Result};

impl Finder<'_> {
    /// Adds the split units that a program's skeletons belong to.
    ///
    /// # Errors
    /// `Malformed` where the program's units can't be read; `Stripped` where the program has nothing but skeletons,
    /// and all split units are missing; as [`Finder::find`].
    pub fn split(&mut self, sections: &mut Sections) -> Result<()> {
        let skeletons = skeletons(sections)?;
        if skeletons.is_empty() {
            return Ok(());
        }
        let mut wanted: HashSet<u64> = skeletons.iter().map(|skeleton| skeleton.id).collect();
        for split in &sections.split {
            for id in dwo_ids(split)? {
                wanted.remove(&id);
            }
        }
        let mut found: Vec<Sections> = self.package(&mut wanted)?.into_iter().collect();
        for skeleton in &skeletons {
            if wanted.remove(&skeleton.id) {
                found.extend(self.one(skeleton, &mut wanted)?);
            }
        }
        sections.split.extend(found);
        self.some(sections)
    }

    /// Takes what is wanted from a package.
    fn package(&mut self, wanted: &mut HashSet<u64>) -> Result<Option<Sections>> {
        if wanted.is_empty() {
            return Ok(None);
        }
        let mut candidates = Vec::new();
        for mut stem in self.stems() {
            stem.as_mut_os_string().push(".dwp");
            let mirrored = stem.file_name().map(|name| self.mirrored(name.as_ref()));
            candidates.push(stem);
            candidates.extend(mirrored.unwrap_or_default());
        }
        let request = Request::new(DebugFile::Package, self.program.clone());
        let limits = self.limits;
        let found = self.find(request, candidates, |candidate: &Candidate| {
            let split = take(&Elf::parse(candidate.bytes.clone())?, Part::Split, limits)?;
            let ids = dwo_ids(&split)?;
            if ids.iter().any(|id| wanted.contains(id)) {
                return Ok((split, ids));
            }
            Err(Error::malformed("it has none of the program's split units"))
        })?;
        // Without a package there are .dwo files.
        Ok(found.ok().map(|(split, ids)| {
            wanted.retain(|id| !ids.contains(id));
            split
        }))
    }

    /// Takes one split unit from its `.dwo` file, and others that are there, too.
    fn one(
        &mut self,
        skeleton: &Skeleton<'_>,
        wanted: &mut HashSet<u64>,
    ) -> Result<Option<Sections>> {
        let name = plain(skeleton.name);
        let named = plain(skeleton.folder).join(&name);
        let folders = self.folders();
        let mut candidates = Vec::new();
        if named.is_absolute() {
            candidates.push(named);
        } else {
            candidates.extend(folders.iter().map(|folder| folder.join(&named)));
        }
        for folder in &folders {
            candidates.push(folder.join(&name));
            candidates.extend(name.file_name().map(|name| folder.join(name)));
        }
        let id = skeleton.id;
        let mut request = Request::new(DebugFile::Split, self.program.clone());
        request.name = Some(name);
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
                for id in &ids {
                    wanted.remove(id);
                }
                Ok(Some(split))
            }
            Err(missing) => {
                self.missing.push(missing);
                Ok(None)
            }
        }
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
