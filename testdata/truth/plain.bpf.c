// SPDX-License-Identifier: Apache-2.0 OR MIT
// A program without `preserve_access_index`: it has no relocations.
struct request {
	const char *method;
	int state;
};

__attribute__((section("uprobe"), used)) long handle(struct request *request)
{
	return request->state;
}
