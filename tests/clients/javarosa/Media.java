import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

import org.apache.commons.csv.CSVParser;
import org.apache.commons.csv.CSVRecord;
import org.javarosa.core.model.instance.SecondaryInstanceCSVParserBuilder;
import org.javarosa.core.reference.PrefixedRootFactory;
import org.javarosa.core.reference.Reference;

/** Resolves jr:// references inside one media folder. */
final class Media extends PrefixedRootFactory {
    private static final Set<String> HOSTS =
        new LinkedHashSet<>(Arrays.asList("images", "image", "audio", "video", "file-csv", "file"));

    static final String LAST_SAVED = "last-saved.xml";
    final Path folder;
    final Set<String> missing = new LinkedHashSet<>();
    Path lastSaved;
    private final Map<String, List<Map<String, String>>> tables = new HashMap<>();

    Media(Path folder) {
        super(HOSTS.stream().map(host -> host + "/").toArray(String[]::new));
        this.folder = folder;
    }

    private static Path emptyXml;

    static Path emptyXml() throws IOException {
        if (emptyXml == null) {
            emptyXml = Files.createTempFile("last-saved", ".xml");
            emptyXml.toFile().deleteOnExit();
            Files.write(emptyXml, "<?xml version='1.0' ?><data />".getBytes(StandardCharsets.UTF_8));
        }
        return emptyXml;
    }

    @Override
    protected Reference factory(String terminal, String uri) {
        Path file = LAST_SAVED.equals(terminal) && lastSaved != null ? lastSaved : folder.resolve(terminal);
        if (!Files.exists(file)) {
            missing.add(terminal);
        }
        return new LocalFile(file, uri);
    }

    /** Rows of NAME or NAME.csv for pulldata() and search(), or null; column names as those functions match them. */
    List<Map<String, String>> table(String name) {
        String wanted = name.toLowerCase(Locale.ENGLISH).replaceAll("\\.csv$", "") + ".csv";
        if (!tables.containsKey(wanted)) {
            tables.put(wanted, read(wanted));
        }
        return tables.get(wanted);
    }

    private List<Map<String, String>> read(String wanted) {
        File[] files = folder.toFile().listFiles((dir, name) -> name.toLowerCase(Locale.ENGLISH).equals(wanted));
        if (files == null || files.length == 0) {
            return null;
        }
        List<Map<String, String>> rows = new ArrayList<>();
        try (CSVParser parser = new SecondaryInstanceCSVParserBuilder().path(files[0].getPath()).build()) {
            for (CSVRecord record : parser) {
                Map<String, String> row = new LinkedHashMap<>();
                record.toMap().forEach((column, value) -> row.put(column(column), value));
                rows.add(row);
            }
        } catch (IOException | RuntimeException e) {
            throw new RuntimeException("cannot read " + files[0].getName() + ": " + FillForm.explain(e), e);
        }
        return rows;
    }

    static String column(String name) {
        return name.trim().replaceAll("[^A-Za-z0-9_]", "_").toLowerCase(Locale.ENGLISH);
    }

    private static final class LocalFile implements Reference {
        private final Path file;
        private final String uri;

        LocalFile(Path file, String uri) {
            this.file = file;
            this.uri = uri;
        }

        @Override
        public boolean doesBinaryExist() {
            return Files.exists(file);
        }

        @Override
        public InputStream getStream() throws IOException {
            return Files.newInputStream(file);
        }

        @Override
        public String getURI() {
            return uri;
        }

        @Override
        public String getLocalURI() {
            return file.toAbsolutePath().toString();
        }

        @Override
        public boolean isReadOnly() {
            return true;
        }

        @Override
        public OutputStream getOutputStream() throws IOException {
            throw new IOException("read-only");
        }

        @Override
        public void remove() {
        }

        @Override
        public Reference[] probeAlternativeReferences() {
            return new Reference[0];
        }
    }
}
