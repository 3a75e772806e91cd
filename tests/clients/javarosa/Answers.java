import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;

/** The answers file: question path, generic path or bare name to value; repeat path to a number. */
final class Answers {
    private final Map<String, JsonNode> given = new LinkedHashMap<>();
    private final Set<String> used = new HashSet<>();
    private final boolean ignoreUnused;

    Answers(Path file, boolean ignoreUnused) throws Failure {
        this.ignoreUnused = ignoreUnused;
        if (file == null) {
            return;
        }
        try {
            JsonNode root = new ObjectMapper().readTree(file.toFile());
            if (root == null || !root.isObject()) {
                throw new Failure(FillForm.EXIT_ANSWERS, file + ": a JSON object is needed");
            }
            root.fields().forEachRemaining(e -> given.put(e.getKey(), e.getValue()));
        } catch (IOException e) {
            throw new Failure(FillForm.EXIT_ANSWERS, file + ": " + e.getMessage());
        }
    }

    Answers(JsonNode answers, boolean ignoreUnused) {
        this.ignoreUnused = ignoreUnused;
        answers.fields().forEachRemaining(e -> given.put(e.getKey(), e.getValue()));
    }

    private String key(String path, String generic) {
        String name = generic.substring(generic.lastIndexOf('/') + 1);
        for (String key : Arrays.asList(path, generic, name)) {
            if (given.containsKey(key)) {
                return key;
            }
        }
        return null;
    }

    boolean has(String path, String generic) {
        return key(path, generic) != null;
    }

    JsonNode take(String path, String generic) {
        String key = key(path, generic);
        used.add(key);
        return given.get(key);
    }

    Integer repeats(String path, String generic) throws Failure {
        String key = key(path, generic);
        if (key == null) {
            return null;
        }
        JsonNode value = given.get(key);
        if (!value.isInt()) {
            throw new Failure(FillForm.EXIT_ANSWERS, "a repeat needs a whole number of instances: " + key);
        }
        used.add(key);
        return value.asInt();
    }

    void checkAllUsed() throws Failure {
        List<String> unused = new ArrayList<>(given.keySet());
        unused.removeAll(used);
        if (!unused.isEmpty() && !ignoreUnused) {
            throw new Failure(FillForm.EXIT_ANSWERS, "answers for questions that were never asked: " + unused);
        }
    }
}
