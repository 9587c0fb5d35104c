// SPDX-License-Identifier: Apache-2.0 OR MIT
// What classes can be made of. Every type has a variable, so that every compiler describes it.

namespace shop {

struct Empty {};
struct OtherEmpty {};

struct Base {
	int base_field;
	char base_char;
};

struct Second {
	long second_field;
	static int counted;
	static constexpr int limit = 7;
};

// One base; its members are found in the derived class.
struct Single : Base {
	short own;
};

// Two, and behind them a member.
struct Multiple : Base, Second {
	unsigned char flag : 3;
	unsigned int bits : 20;
	bool on : 1;
	double own;
};

// A chain of three.
struct Chain : Multiple {
	int last;
};

// Bases without members take no room.
struct Light : Empty, OtherEmpty {
	int light;
};

struct NotFirst : Empty {
	Empty inner;
	int after;
};

// A class with virtual functions starts with a pointer to their table.
class Shape {
public:
	virtual ~Shape() {}
	virtual int area() const { return hidden_id; }

protected:
	int id;

private:
	int hidden_id = 0;
};

// The base with the table comes first, whatever the order of the source.
class Round : public Base, public Shape {
public:
	int area() const override { return 3; }
	int radius;
};

// Virtual bases: where they are, the object itself says.
struct Top {
	int top;
};
struct Left : virtual Top {
	int left;
};
struct Right : virtual Top {
	int right;
};
struct Bottom : Left, Right {
	int bottom;
};

template <class T> struct Pair {
	T first;
	T second;
};

template <class T, int N> struct Ring {
	T slots[N];
	unsigned head;
	Pair<T> *links;
	template <class U> struct Cursor {
		U at;
		const Ring *ring;
	};
};

// The same name in two classes, and nested enumerations of both sorts.
struct Order {
	enum Kind { BUY, SELL };
	enum class State : unsigned char { NEW, DONE = 200 };
	struct Line {
		int sku;
		Kind kind;
	};
	typedef Line Entry;
	using Lines = Line[3];
	State state;
	Kind kind;
	Entry first;
	Lines lines;
	union {
		int number;
		float price;
		struct {
			short low, high;
		};
	};
	union Tail {
		long wide;
		char narrow[3];
		Tail() : wide(0) {}
		int width() const { return sizeof(*this); }
	} tail;
};
struct Invoice {
	struct Line {
		long total;
	};
	Line line;
};

// All that refers to something.
struct References {
	int &lvalue;
	int &&rvalue;
	const Base &constant;
	int Base::*member;
	int (Shape::*function)() const;
	int (Base::*const null_function)(int) = nullptr;
	decltype(nullptr) null;
	void (*plain)(int);
	Base *const *volatile pointers;
	const void *nothing;
	wchar_t wide;
	char16_t sixteen;
	char32_t thirty_two;
	__int128 huge;
	long double extended;
	int grid[2][3];
	References(int &a, const Base &b)
	    : lvalue(a), rvalue(static_cast<int &&>(a)), constant(b), member(&Base::base_field),
	      function(&Shape::area), null(nullptr), plain(nullptr), pointers(nullptr), nothing(nullptr), wide(0),
	      sixteen(0), thirty_two(0), huge(0), extended(0), grid{} {}
};

struct alignas(32) Aligned {
	char c;
};
struct __attribute__((packed)) Packed {
	char c;
	long l;
	Base b;
};

namespace {
struct Hidden {
	int hidden;
	Pair<Hidden> *pair;
};
}

inline namespace v2 {
struct Versioned {
	int version;
};
}

} // namespace shop

// Nothing is ever deleted; the library that would have this is not linked.
void operator delete(void *) noexcept {}
void operator delete(void *, unsigned long) noexcept {}

// The same bare name as in the namespace.
struct Base {
	char global_base[5];
};

// A structure that is a function's own.
static int local(int seed) {
	struct Local {
		int a, b;
	} value = {seed, seed};
	auto closure = [value, &seed](int x) { return value.a + x + seed; };
	return closure(value.b);
}

int shop::Second::counted = 1;

using namespace shop;

#define KEEP(type, name) __attribute__((used)) type name
KEEP(shop::Base, base);
KEEP(::Base, global_base);
KEEP(Single, single);
KEEP(Multiple, multiple);
KEEP(Chain, chain);
KEEP(Light, light);
KEEP(NotFirst, not_first);
KEEP(Round, round_shape);
KEEP(Bottom, bottom);
typedef Pair<int> IntPair;
KEEP(IntPair, int_pair);
KEEP(Pair<Pair<unsigned long>>, nested_pair);
KEEP(Pair<const char *>, pointer_pair);
typedef Ring<shop::Base, 4> BaseRing;
KEEP(BaseRing, ring);
KEEP(BaseRing::Cursor<char>, cursor);
KEEP(Order, order);
KEEP(Invoice, invoice);
static int referred;
KEEP(References, references)(referred, base);
KEEP(Aligned, aligned);
KEEP(Packed, packed);
KEEP(static Hidden, hidden);
KEEP(Versioned, versioned);

extern "C" int look(const Chain *chain, const Round *round) { return chain->last + round->radius; }

int main() { return look(&chain, &round_shape) + local(hidden.hidden) + order.tail.width(); }
