// SPDX-License-Identifier: Apache-2.0 OR MIT
// Classes that differ in everything the probe reads.

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

final class Circle extends Shape {
    private double radius = 2;
    private byte colour;

    @Override
    double area() {
        return Math.PI * radius * radius;
    }
}

class Polygon extends Shape implements Runnable, Cloneable {
    static String first = "polygon".repeat(2);
    static long[] second = {1, 2, 3};
    static short third = (short) second.length;

    int[] xs = new int[4];
    int[] ys = new int[4];
    Object owner = this;
    char letter = 'p';
    boolean closed;

    @Override
    double area() {
        return xs.length * ys.length;
    }

    @Override
    public void run() {
        closed = true;
    }
}

class Square extends Polygon {
}

enum Colour {
    RED,
    GREEN,
    BLUE
}

record Point(int x, long y, String label) {
}

/** Initializes the classes, writes its process id to the file in its argument, and waits for the end of its input. */
public class Shapes {
    public static void main(String[] arguments) throws IOException {
        List<Object> all = List.of(new Circle(), new Polygon(), new Square(), Colour.GREEN, new Point(1, 2, "p"));
        Files.writeString(Path.of(arguments[0]), ProcessHandle.current().pid() + "\n");
        while (System.in.read() >= 0) {
        }
        System.exit(all.size() == 5 ? 0 : 1);
    }
}
