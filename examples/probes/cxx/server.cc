// SPDX-License-Identifier: Apache-2.0 OR MIT
// Handles one request after a line on standard input, then prints what a probe of `handle` sees.
#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

namespace srv {
struct Header {
	std::string name;
	std::string value;
};

class Base {
public:
	virtual ~Base() {}
	int kind = 3;
};

class Request : public Base {
public:
	enum class State : unsigned char { Idle, Busy = 7 };
	std::string path;
	std::vector<Header> headers;
	std::vector<int> codes;
	const char *agent = "curl/8";
	unsigned a : 3, b : 7;
	int c : 12;
	State state = State::Busy;
	Request *next = nullptr;
};
}

extern "C" __attribute__((noinline)) long handle(srv::Request *r)
{
	asm volatile("" ::: "memory");
	return (long)r->path.size();
}

static long first(const void *bytes, size_t len)
{
	long value = 0;
	memcpy(&value, bytes, len < sizeof(value) ? len : sizeof(value));
	return value;
}

int main()
{
	srv::Request other, r;
	other.path = "/next";
	r.path = "/index.html?and=more&than=fits";
	r.headers.push_back({"Host", "example.org"});
	r.headers.push_back({"Accept", "text/html, and a value on the heap"});
	r.codes = {11, 22, 33};
	r.a = 5;
	r.b = 99;
	r.c = -77;
	r.next = &other;
	puts("start=1");
	fflush(stdout);
	getchar();
	long size = handle(&r);
	const std::string &value = r.headers[1].value;
	printf("kind=%d path.len=%ld path=%ld ", r.kind, size, first(r.path.data(), r.path.size()));
	printf("headers.len=%zu value.len=%zu value=%ld ", r.headers.size(), value.size(),
	       first(value.data(), value.size()));
	printf("codes.len=%zu codes.2=%d ", r.codes.size(), r.codes[2]);
	printf("agent.len=%zu agent=%ld ", strlen(r.agent), first(r.agent, strlen(r.agent)));
	printf("a=%u b=%u c=%d state=%d ", r.a, r.b, r.c, (int)r.state);
	printf("next.path.len=%zu\n", r.next->path.size());
}
