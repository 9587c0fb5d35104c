// SPDX-License-Identifier: Apache-2.0 OR MIT
// Templates with arguments of every kind.
namespace ns {
struct Point { int x; int shift(char) volatile; void draw() const; };
enum Color { red, green = 7 };
enum class Level : signed char { low = -3 };
template <class T> struct Of { T *value; int end; };
template <auto V> struct Value { int end; };
template <class... T> struct Pack { int end; };
template <int N, unsigned long M, bool B> struct Numbers { char bytes[N]; int end; };
template <class A, class B = Of<A>> struct Default { B inner; int end; };
template <template <class> class C, class... Rest> struct Over { int end; };
template <class T> struct Outer {
	struct Plain { T one; int end; };
	template <class U> struct Inner { T one; U two; int end; };
	enum class Kind { first, second };
	Plain plain;
	Kind kind;
};
}
namespace {
template <class T> struct Hidden { T one; int end; };
}
using namespace ns;

struct All {
	long long used;
	Of<const char *> a0; Of<unsigned long> a1; Of<Of<long long>> a2; Of<int (*)(char, long)> a3; Of<int[3]> a4;
	Of<const Point *const> a5; Of<const volatile int> a6; Of<int Point::*> a7; Of<void (Point::*)() const> a8;
	Of<int (Point::*)(char) volatile> a9; Of<int (*(*)(int))[2]> b0; Of<const int[2][3]> b1; Of<void (int, ...)> b2;
	Of<char *__restrict> b3; Of<void> b4; Of<decltype(nullptr)> b5; Of<int *const *volatile *> b6;
	Pack<> c0; Pack<int, Point, Of<char>> c1; Pack<void () const &, void () &&> c2; Pack<int &, Point &&, int (&)[2]> c3;
	Value<green> d0; Value<Level::low> d1; Value<-5L> d2; Value<'q'> d3; Value<'\n'> d4; Value<'\''> d5;
	Value<(unsigned char)200> d6; Value<(signed char)-1> d7; Value<(short)-3> d8; Value<7u> d9;
	Value<L'x'> e0; Value<u'x'> e1; Value<u8'x'> e2; Value<U'\x1f600'> e3; Value<nullptr> e4; Value<&Point::x> e5;
	Numbers<3, 4000000000UL, true> f0; Numbers<1, 0, false> f1; Default<short> f2; Default<short, long> f3; Over<Of, int> f4;
	Outer<int>::Inner<long> g0; Outer<Of<int>>::Plain g1; Of<Outer<char>::Kind> g2; Value<Outer<char>::Kind::second> g3;
	Outer<short> g4; Hidden<float> g5; Of<Hidden<int>> g6;
};
All all;

template <class T> int called(T t)
{
	struct Local { T one; int end; } local{t, 3};
	Of<Local> of{&local, 1};
	return of.end + local.end;
}
int main() { return called(all.a0.end) + called('c'); }
