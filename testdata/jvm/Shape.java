// SPDX-License-Identifier: Apache-2.0 OR MIT
// Compiled with --release 8, so that the class files have another version than those of Shapes.java.

interface Named {
    Object TOKEN = new Object();

    default String title() {
        return getClass().getName();
    }
}

abstract class Shape implements Named, Comparable<Shape> {
    static int made;
    static final Object LOCK = new Object();

    protected long id = ++made;

    abstract double area();

    @Override
    public int compareTo(Shape other) {
        return Double.compare(area(), other.area());
    }
}
