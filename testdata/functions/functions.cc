// Functions of C++, for tests of `btfkit function`.
#include <cstdio>
#include <cstdlib>

#define NOINLINE __attribute__((noinline, noclone))

namespace ns {

struct Counted {
	int count;
	Counted(int count) : count(count) {}
	Counted(const Counted &other) : count(other.count + 1) {}
	~Counted() { std::puts("gone"); }
};

struct Empty {};

template <typename T> class Map {
	T sum = T();

public:
	NOINLINE T get(int key, const Counted &by);
	NOINLINE T take(Counted by, Empty nothing, T (Map::*how)(int, const Counted &), int key);
	NOINLINE Counted give(long key) const;
	T first() const { return sum; }
	bool operator<(const Map &other) const;
};

template <typename T> T Map<T>::get(int key, const Counted &by)
{
	return sum + key + by.count + std::rand();
}

template <typename T> T Map<T>::take(Counted by, Empty, T (Map::*how)(int, const Counted &), int key)
{
	return (this->*how)(key, by) + first();
}

template <typename T> Counted Map<T>::give(long key) const
{
	return Counted(sum + key);
}

template <typename T> NOINLINE bool Map<T>::operator<(const Map &other) const
{
	return sum < other.sum;
}

} // namespace ns

namespace {
NOINLINE int hidden(int x)
{
	return x + std::rand();
}
} // namespace

int main(int argc, char **)
{
	ns::Map<int> ints;
	ns::Map<double> doubles;
	ns::Counted one(1);
	int sum = ints.get(argc, one) + ints.take(one, ns::Empty(), &ns::Map<int>::get, 3) + ints.give(2).count + (ints < ints);
	std::printf("%d %f\n", sum + hidden(argc), doubles.get(1, one));
}
