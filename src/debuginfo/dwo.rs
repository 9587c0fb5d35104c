//! The split units of a program: `.dwp` packages and `.dwo` files.

use std::collections::HashSet;

use crate::debuginfo::file_finder::{Candidate, FileFinder, path_of};
use crate::debuginfo::wanted::{DebugFileKind, WantedFile};
use crate::dwarf::{Sections, Skeleton, dwo_ids, only_skeletons, skeletons};
use crate::elf::debug::{Part, take};
use crate::elf::file::Elf;
use crate::error::{Error, ErrorKind, Result};

impl FileFinder<'_> {
    /// Adds the split units of a program's skeleton units.
    ///
    /// # Errors
    /// `Malformed` if the program's units can't be read; `Stripped` if all units are skeletons and all split units are
    /// missing; as [`FileFinder::find`].
    pub fn split(&mut self, sections: &mut Sections) -> Result<()> {
        let skeletons = skeletons(sections);
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
                found.extend(self.dwo_file(skeleton, &mut wanted)?);
            }
        }
        sections.split.extend(found);
        self.check_any(sections)
    }

    /// Finds a package, and removes its units from the wanted ones.
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
        let file = WantedFile::new(DebugFileKind::Package, self.program.clone());
        let limits = self.limits;
        let found = self.find(file, candidates, |candidate: &Candidate| {
            let split = take(&Elf::parse(candidate.bytes.clone())?, Part::Split, limits)?;
            let ids = dwo_ids(&split)?;
            if ids.iter().any(|id| wanted.contains(id)) {
                return Ok((split, ids));
            }
            Err(Error::malformed(
                "it contains none of the program's split units",
            ))
        })?;
        // A program without a package has .dwo files.
        Ok(found.ok().map(|(split, ids)| {
            wanted.retain(|id| !ids.contains(id));
            split
        }))
    }

    /// Finds the `.dwo` file of one split unit, and removes its units from the wanted ones.
    fn dwo_file(
        &mut self,
        skeleton: &Skeleton<'_>,
        wanted: &mut HashSet<u64>,
    ) -> Result<Option<Sections>> {
        let name = path_of(skeleton.name);
        let named = path_of(skeleton.folder).join(&name);
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
        let mut file = WantedFile::new(DebugFileKind::Split, self.program.clone());
        file.name = Some(name);
        file.dwo_id = Some(id);
        let limits = self.limits;
        let found = self.find(file, candidates, |candidate: &Candidate| {
            let split = take(&Elf::parse(candidate.bytes.clone())?, Part::Split, limits)?;
            let ids = dwo_ids(&split)?;
            if ids.contains(&id) {
                return Ok((split, ids));
            }
            Err(Error::malformed(match ids.iter().min() {
                Some(its) => format!("its DWO ID is {its:#018x}: it is of another build"),
                None => "it contains no split unit".to_owned(),
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

    /// Refuses a program that consists of skeletons without their split units.
    fn check_any(&self, sections: &Sections) -> Result<()> {
        match self.missing.first() {
            Some(first) if sections.split.is_empty() && only_skeletons(sections) => {
                Err(Error::new(
                    ErrorKind::Stripped,
                    format!(
                        "the debug information is in {} other files (-gsplit-dwarf), and none was found; {first}. Keep the .dwo files where the program was compiled, or a package of them beside the program (dwp -e PROGRAM)",
                        self.missing.len()
                    ),
                ))
            }
            _ => Ok(()),
        }
    }
}
